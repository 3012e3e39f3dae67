// Long-lived tensors: weights, optimizer slots, metric totals. They live outside the arena; several
// may share one slab so that one kernel updates them all.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/host_tensor.h"
#include "runtime/device.h"

namespace kn {

class Variable : public Payload {
 public:
  // Holds what lies at `initial`; where that is null, anything until it is written.
  Variable(const TensorType& type, const void* initial, std::string name,
           Device& device = cpu_device());
  Variable(const HostTensor& initial, std::string name, Device& device = cpu_device());

  const TensorType& type() const { return type_; }
  const std::string& name() const { return name_; }
  void* data() const { return data_; }
  Device& device() const { return *slab_->device(); }
  HostTensor read() const;
  void read(void* out) const;
  // Throws ValueError where shape or dtype differ from the variable's.
  void write(const HostTensor& value);
  void write(const TensorType& type, const void* value);
  // The same for some elements, `first` and those after it.
  void write_part(Dim first, const TensorType& type, const void* values);

 private:
  friend void lay_out_together(const std::vector<std::shared_ptr<Variable>>& variables);
  friend void bring_to(Device& device, const std::vector<std::shared_ptr<Variable>>& variables);
  void move_to(Device& device);

  TensorType type_;
  std::string name_;
  std::shared_ptr<Buffer> slab_;
  void* data_ = nullptr;
};

// Moves those that live elsewhere to the device, values and all. Waits until no run uses the
// addresses of variables.
void bring_to(Device& device, const std::vector<std::shared_ptr<Variable>>& variables);

// Moves the variables, all of one device, into one slab, in order, each at a 64-byte boundary;
// values are kept. Nothing happens where they already lie so. Waits until no run uses the addresses
// of variables.
void lay_out_together(const std::vector<std::shared_ptr<Variable>>& variables);

// Held by whoever uses addresses of variables; meanwhile none of them moves. Not recursive.
class StorageInUse {
 public:
  StorageInUse();

 private:
  std::shared_lock<std::shared_mutex> lock_;
};

// Grows whenever some variable's storage moved: resolved pointers older than that are stale.
uint64_t storage_epoch();

}  // namespace kn
