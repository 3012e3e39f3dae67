// What kernels of this device get from a run: its stream, the number of the step, and the place
// where an index outside its axis is reported. Step and fault live in device memory, since a run
// that was recorded is repeated with other numbers.
#pragma once

#include <cstdint>

#include "launch.h"
#include "runtime/kernel.h"
#include "stream_queue.h"

namespace kn::cuda {

inline StreamQueue& queue_of(const RunArgs& args) {
  return static_cast<StreamQueue&>(*args.queued->queue);
}

inline cudaStream_t stream_of(const RunArgs& args) { return queue_of(args).stream; }

// The number of the step, within a kernel.
class Step {
 public:
  Step() = default;
  explicit Step(const RunArgs& args)
      : control_(queue_of(args).control), factor_(args.queued->factor), term_(args.queued->term) {}
  __device__ uint64_t number() const { return control_->step * factor_ + term_; }

 private:
  const Control* control_ = nullptr;
  uint64_t factor_ = 1, term_ = 0;
};

class FaultSlot {
 public:
  explicit FaultSlot(const RunArgs& args)
      : control_(queue_of(args).control), site_(args.queued->site) {}
  // `index` was expected within [0, extent). The first report is kept.
  __device__ void outside(double index, int64_t extent) const {
    if (atomicCAS(&control_->claimed, 0u, 1u) != 0u) return;
    control_->index = index;
    control_->extent = extent;
    control_->site = site_;
  }

 private:
  Control* control_;
  const void* site_;
};

}  // namespace kn::cuda
