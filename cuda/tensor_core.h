// Tensor cores and the copies that feed them (compute capability 8.0 on). The other place besides
// launch.h that knows whether a file is compiled for a GPU or as plain C++ for the host stand-in.
#pragma once

#include "launch.h"

#if !defined(__CUDACC__)
#include "tensor_core_host.h"
#endif

namespace kn::cuda {

#if defined(__CUDACC__)

// Rounds to the nearest number of 10 bits of fraction.
__device__ inline uint32_t to_tf32(float x) {
  uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
}

// d (16, 8) += a (16, 8) · b (8, 8), by a warp. Lane 4 g + t holds of a: (g, t), (g + 8, t),
// (g, t + 4), (g + 8, t + 4); of b: (t, g), (t + 4, g); of d: (g, 2 t), (g, 2 t + 1), and both in
// row g + 8.
__device__ inline void multiply_tf32(float (&d)[4], const uint32_t (&a)[4],
                                     const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Copies 4 or 16 bytes from device to shared memory; they are there when the thread has waited for
// their group.
template <int kBytes>
__device__ void copy_later(float* to, const float* from) {
  const auto shared = static_cast<unsigned>(__cvta_generic_to_shared(to));
  if constexpr (kBytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared), "l"(from) : "memory");
  else asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(shared), "l"(from) : "memory");
}
// The copies since the last call are a group.
__device__ inline void close_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits for all but the last `kOpen` groups of this thread.
template <int kOpen>
__device__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kOpen) : "memory");
}

#else

using stand_in::to_tf32;

inline void multiply_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                          std::source_location where = std::source_location::current()) {
  stand_in::multiply_tf32(d, a, b, where);
}
template <int kBytes>
void copy_later(float* to, const float* from,
                std::source_location where = std::source_location::current()) {
  stand_in::copy_later(to, from, kBytes, where);
}
inline void close_copies() { stand_in::close_copies(); }
template <int kOpen>
void wait_copies() {
  stand_in::wait_copies(kOpen);
}

#endif

}  // namespace kn::cuda
