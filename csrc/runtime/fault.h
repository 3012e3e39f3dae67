// What a kernel found wrong in its data: an index outside its axis. The kernel goes on, with what
// its op says of such indices (rows of zeros, no number), and whoever runs the plan refuses the
// result. Several threads may report; one of them is kept.
#pragma once

#include <atomic>
#include <cstdint>

namespace kn {

class Fault {
 public:
  // `index` was expected within [0, extent).
  void outside(double index, int64_t extent) noexcept {
    if (claimed_.exchange(true, std::memory_order_relaxed)) return;
    index_ = index;
    extent_ = extent;
    raised_.store(true, std::memory_order_release);
  }
  bool raised() const noexcept { return raised_.load(std::memory_order_acquire); }
  double index() const { return index_; }
  int64_t extent() const { return extent_; }

 private:
  std::atomic<bool> claimed_{false}, raised_{false};
  double index_ = 0;
  int64_t extent_ = 0;
};

}  // namespace kn
