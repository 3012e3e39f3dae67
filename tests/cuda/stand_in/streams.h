// What the two halves of the stand-in's runtime share.
#pragma once

#include "cuda_runtime.h"

namespace stand_in {

// Remembers the error for cudaGetLastError.
cudaError_t failed(cudaError_t error);

}  // namespace stand_in
