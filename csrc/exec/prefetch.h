// Hands out the input arrays of one batch after the other. Without an order these are pointers into
// the caller's arrays. With one, rows are gathered into one of two buffers: by a second thread
// while the batch before is computed where a batch is large, inline where a hand-over would cost
// more.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "exec/batches.h"

namespace kn {

class Prefetch {
 public:
  Prefetch(const BatchJob& job, int64_t rows);
  ~Prefetch();

  // Pointers of batch k, which must follow the one taken before; valid until the next take.
  void take(int64_t k, const void** inputs);

 private:
  void gather(int64_t k, std::vector<unsigned char>& buffer) const;
  void work();

  const BatchJob& job_;
  int64_t rows_;
  std::vector<size_t> row_bytes_;
  std::vector<size_t> offsets_;  // of each array within a buffer
  std::vector<unsigned char> buffers_[2];

  bool threaded_ = false;
  std::thread thread_;
  std::mutex lock_;
  std::condition_variable changed_;
  int64_t ready_ = -1;  // last batch that is gathered
  int64_t taken_ = -1;  // last batch that was asked for; the one before is no longer used
  bool stop_ = false;
};

}  // namespace kn
