// Marks small functions that CUDA kernels share with the CPU.
#pragma once

#if defined(__CUDACC__)
#define KN_HOST_DEVICE __host__ __device__
#else
#define KN_HOST_DEVICE
#endif
