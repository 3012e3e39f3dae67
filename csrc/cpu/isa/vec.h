// The vector vocabulary of the inner loops, on GCC/Clang vector extensions: portable, no intrinsic
// in sight. KN_ISA's flags decide how wide a Vec is. Include only from *.isa.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#define KN_CONCAT_(a, b, c) a##b##c
#define KN_CONCAT(a, b, c) KN_CONCAT_(a, b, c)
// The one exported function of <family>.isa.cc: KN_FILL(gemm) { table.gemm.… = …; }
#define KN_FILL(family) \
  void KN_CONCAT(fill_##family, _, KN_ISA)(KernelTable & table); \
  void KN_CONCAT(fill_##family, _, KN_ISA)(KernelTable & table)
#define KN_INLINE inline __attribute__((always_inline))

namespace kn::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kVecBytes = 64;
#elif defined(__AVX__)
constexpr int kVecBytes = 32;
#else
constexpr int kVecBytes = 16;
#endif

typedef float VecF __attribute__((vector_size(kVecBytes)));
typedef double VecD __attribute__((vector_size(kVecBytes)));
typedef int32_t VecI __attribute__((vector_size(kVecBytes)));
typedef int64_t VecL __attribute__((vector_size(kVecBytes)));
typedef uint32_t VecU __attribute__((vector_size(kVecBytes)));
// Unaligned twins for loads and stores.
typedef float VecFu __attribute__((vector_size(kVecBytes), aligned(4), may_alias));
typedef double VecDu __attribute__((vector_size(kVecBytes), aligned(8), may_alias));

constexpr int kLanesF = kVecBytes / 4;
constexpr int kLanesD = kVecBytes / 8;

KN_INLINE VecF load(const float* p) { return *reinterpret_cast<const VecFu*>(p); }
KN_INLINE VecD load(const double* p) { return *reinterpret_cast<const VecDu*>(p); }
KN_INLINE void store(float* p, VecF v) { *reinterpret_cast<VecFu*>(p) = v; }
KN_INLINE void store(double* p, VecD v) { *reinterpret_cast<VecDu*>(p) = v; }
KN_INLINE VecF splat(float x) { return x - VecF{}; }
KN_INLINE VecD splat(double x) { return x - VecD{}; }

}  // namespace
}  // namespace kn::cpu
