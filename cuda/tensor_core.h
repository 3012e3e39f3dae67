// Tensor cores and the copies that feed them (compute capability 8.0 on). The other place besides
// launch.h that knows whether a file is compiled for a GPU or as plain C++ for the host stand-in.
#pragma once

#include "halves.h"
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

// d (16, 8) += a (16, 16) · b (16, 8), by a warp. Registers hold two neighbours along k; lane
// 4 g + t holds of a, from 2 t on: row g, row g + 8, and both from 2 t + 8 on; of b: column g from
// 2 t and from 2 t + 8 on; of d what multiply_tf32 says.
template <class Half>
__device__ void multiply_halves(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  if constexpr (std::is_same_v<Half, Float16>)
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Four matrices of 8 rows of 16 bytes out of shared memory: lane 8 q + r says where row r of matrix
// q lies; lane 4 g + t gets of each the 4 bytes from 4 t on of row g. kTurned: elements 2 t and
// 2 t + 1, of 2 bytes, of column g.
template <bool kTurned>
__device__ void load_matrices(uint32_t (&to)[4], const void* row) {
  const auto shared = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (kTurned)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared)
                 : "memory");
}

// Copies 4, 8 or 16 bytes from device to shared memory; they are there when the thread has waited
// for their group.
template <int kBytes>
__device__ void copy_later(void* to, const void* from) {
  const auto shared = static_cast<unsigned>(__cvta_generic_to_shared(to));
  if constexpr (kBytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared), "l"(from) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(shared), "l"(from), "n"(kBytes)
                 : "memory");
}
// 16 bytes likewise, zeros where `from` is null.
__device__ inline void copy_later_or_clear(void* to, const void* from) {
  const auto shared = static_cast<unsigned>(__cvta_generic_to_shared(to));
  const int bytes = from ? 16 : 0;  // what is missing becomes zeros
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared), "l"(from), "r"(bytes)
               : "memory");
}
// 16 bytes likewise, as four elements of 4 bytes or two of 8 to places `kApart` bytes apart.
template <int kBytes, int kApart>
__device__ void scatter_later_or_clear(void* to, const void* from) {
  const auto shared = static_cast<unsigned>(__cvta_generic_to_shared(to));
  const int bytes = from ? kBytes : 0;
  if constexpr (kBytes == 4)
    asm volatile(
        "cp.async.ca.shared.global [%0], [%1], 4, %2;\n"
        "cp.async.ca.shared.global [%0 + %3], [%1 + 4], 4, %2;\n"
        "cp.async.ca.shared.global [%0 + %4], [%1 + 8], 4, %2;\n"
        "cp.async.ca.shared.global [%0 + %5], [%1 + 12], 4, %2;" ::"r"(shared),
        "l"(from), "r"(bytes), "n"(kApart), "n"(2 * kApart), "n"(3 * kApart)
        : "memory");
  else
    asm volatile(
        "cp.async.ca.shared.global [%0], [%1], 8, %2;\n"
        "cp.async.ca.shared.global [%0 + %3], [%1 + 8], 8, %2;" ::"r"(shared),
        "l"(from), "r"(bytes), "n"(kApart)
        : "memory");
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
template <class Half>
void multiply_halves(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                     std::source_location where = std::source_location::current()) {
  stand_in::multiply_halves(d, a, b, std::is_same_v<Half, BFloat16>, where);
}
template <bool kTurned>
void load_matrices(uint32_t (&to)[4], const void* row,
                   std::source_location where = std::source_location::current()) {
  stand_in::load_matrices(to, row, kTurned, where);
}
template <int kBytes>
void copy_later(void* to, const void* from,
                std::source_location where = std::source_location::current()) {
  stand_in::copy_later(to, from, kBytes, where);
}
inline void copy_later_or_clear(void* to, const void* from,
                                std::source_location where = std::source_location::current()) {
  stand_in::copy_later(to, from, 16, where);
}
template <int kBytes, int kApart>
void scatter_later_or_clear(void* to, const void* from,
                            std::source_location where = std::source_location::current()) {
  for (int at = 0; at < 16; at += kBytes)
    stand_in::copy_later(static_cast<char*>(to) + at / kBytes * kApart,
                         from ? static_cast<const char*>(from) + at : nullptr, kBytes, where);
}
inline void close_copies() { stand_in::close_copies(); }
template <int kOpen>
void wait_copies() {
  stand_in::wait_copies(kOpen);
}

#endif

}  // namespace kn::cuda
