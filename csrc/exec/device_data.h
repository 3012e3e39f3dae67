// A data set that stays whole on a device, from which batches are gathered there.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "exec/executable.h"

namespace kn {

class DeviceData {
 public:
  // Copies the arrays to the device of `executable`. nullptr where runs are not queued there, or
  // where the data would take more than data_share() of the memory that is left.
  static std::unique_ptr<DeviceData> make(const Executable& executable,
                                          std::span<const ArrayRef> arrays);

  Device& device() const { return *buffers_[0].device(); }
  std::span<const void* const> arrays() const { return arrays_; }
  // Whether these are the arrays, by place and type.
  bool is_of(std::span<const ArrayRef> arrays) const;
  // Puts rows [from, until) of the order there; the whole order's place. One user at a time.
  const int64_t* place_order(const int64_t* order, int64_t from, int64_t until);
  std::mutex& in_use() { return in_use_; }

 private:
  std::vector<ArrayRef> sources_;
  std::vector<Buffer> buffers_;
  std::vector<const void*> arrays_;
  Buffer order_;
  std::mutex in_use_;
};

// Of the memory that is left on a device, how much one data set may take. 0: none ever does.
double data_share();
void set_data_share(double share);

}  // namespace kn
