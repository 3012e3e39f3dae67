// Errors of the CUDA runtime become exceptions.
#pragma once

#include <cuda_runtime.h>

#include "base/error.h"

namespace kn::cuda {

inline void check(cudaError_t status, const char* doing) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();  // so that the next call does not report it again
  fail<RuntimeError>("CUDA failed while ", doing, ": ", cudaGetErrorName(status), " (",
                     cudaGetErrorString(status), ")");
}

}  // namespace kn::cuda
