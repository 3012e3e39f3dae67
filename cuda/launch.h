// The one place that knows whether a .cu file is compiled for a GPU or as plain C++ for the host
// stand-in (tests/cuda/stand_in): how kernels are launched, and how they find their dynamic shared
// memory. (tensor_core.h does it for tensor cores.)
#pragma once

#include <cuda_runtime.h>

namespace kn::cuda {

#if defined(__CUDACC__)

// Of functions that are called rather than inlined.
#define KN_APART __noinline__

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
            cudaStream_t stream, const Arguments&... arguments) {
  kernel<<<grid, block, shared_bytes, stream>>>(arguments...);
}

// Lets a kernel have so much dynamic shared memory.
template <class... Parameters>
void allow_shared(void (*kernel)(Parameters...), size_t bytes) {
  (void)cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
}

template <class T>
__device__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char kn_dynamic_shared[];
  return reinterpret_cast<T*>(kn_dynamic_shared);
}
// The same from a multiple of 1024 bytes on.
__device__ inline unsigned char* dynamic_shared_in_rows() {
  extern __shared__ __align__(1024) unsigned char kn_shared_in_rows[];
  return kn_shared_in_rows;
}

#else

#define KN_APART

using stand_in::allow_shared;
using stand_in::launch;

template <class T>
T* dynamic_shared() {
  return static_cast<T*>(stand_in::place->dynamic_shared);
}
inline unsigned char* dynamic_shared_in_rows() { return dynamic_shared<unsigned char>(); }

#endif

inline constexpr unsigned kFullMask = 0xFFFFFFFFu;
inline constexpr int kWarp = 32;

}  // namespace kn::cuda
