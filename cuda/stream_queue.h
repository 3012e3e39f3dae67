// A queue of this device, as far as kernels know it. For host code.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "runtime/queue.h"

namespace kn::cuda {

// In device memory, one per queue.
struct Control {
  uint64_t step = 0;
  int64_t batch = 0;     // within a stretch of batches
  unsigned claimed = 0;  // 1 where the rest is a fault
  double index = 0;
  int64_t extent = 0;
  const void* site = nullptr;
};

class StreamQueue : public Queue {
 public:
  cudaStream_t stream = nullptr;
  Control* control = nullptr;
};

}  // namespace kn::cuda
