// Memory of one GPU: taken from the driver in large pieces, handed out in small ones. Asking the
// driver stops the device; a pool does not, and keeps to a limit.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

#include "runtime/device.h"

namespace kn::cuda {

// Where a pool takes its pieces from.
class PieceSource {
 public:
  virtual ~PieceSource() = default;
  virtual void* take(size_t bytes) = 0;  // nullptr where there is none left
  virtual void give_back(void* piece) = 0;
};

class MemoryPool {
 public:
  explicit MemoryPool(PieceSource& source) : source_(source) {}
  ~MemoryPool();

  // 256-byte aligned; nullptr where neither the limit nor the device allow it.
  void* allocate(size_t bytes);
  void release(void* memory);
  // 0: none. With `at_once` all of it is taken now; false where that failed.
  bool set_limit(size_t bytes, bool at_once);
  // Pieces that nothing lies in go back to the device.
  void give_back_unused();

  // used, peak and limit; the rest is the device's to know.
  MemoryUse use() const;

 private:
  struct Block {
    size_t bytes;
    bool free;
    bool first;  // of its piece: never joined with the block before
  };
  using Blocks = std::map<char*, Block>;

  void* take_from(Blocks::iterator block, size_t bytes);
  Blocks::iterator best_free(size_t bytes);
  Blocks::iterator new_piece(size_t bytes);
  void give_back_locked();

  PieceSource& source_;
  mutable std::mutex lock_;
  Blocks blocks_;
  size_t held_ = 0, used_ = 0, peak_ = 0, limit_ = 0;
};

}  // namespace kn::cuda
