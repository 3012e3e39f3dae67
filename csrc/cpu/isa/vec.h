// The vector vocabulary of the inner loops, on GCC/Clang vector extensions: portable, and without
// intrinsics but for partial loads and stores. KN_ISA's flags decide how wide a Vec is. Include
// only from *.isa.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#define KN_CONCAT_(a, b, c) a##b##c
#define KN_CONCAT(a, b, c) KN_CONCAT_(a, b, c)
// The one exported function of <family>.isa.cc: KN_FILL(gemm) { table.gemm.… = …; }
#define KN_FILL(family)                                          \
  void KN_CONCAT(fill_##family, _, KN_ISA)(KernelTable & table); \
  void KN_CONCAT(fill_##family, _, KN_ISA)(KernelTable & table)
#define KN_INLINE inline __attribute__((always_inline))
// Says of the loop that follows that none of its steps reads what another one writes.
#if defined(__clang__)
#define KN_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define KN_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace kn::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kVecBytes = 64;
#elif defined(__AVX__)
constexpr int kVecBytes = 32;
#else
constexpr int kVecBytes = 16;
#endif
// What tiles of sums may fill.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVecRegisters = 32;
#else
constexpr int kVecRegisters = 16;
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

// Vec<T> is the vector of T, kLanes<T> its number of elements.
template <class T>
struct VecOf;
template <>
struct VecOf<float> {
  typedef VecF type;
};
template <>
struct VecOf<double> {
  typedef VecD type;
};
template <class T>
using Vec = typename VecOf<T>::type;
template <class T>
constexpr int kLanes = kVecBytes / static_cast<int>(sizeof(T));

// The first n lanes (0 <= n <= kLanes), the others zero; memory beyond them is not touched.
#if defined(__AVX512F__)
KN_INLINE VecF load_first(const float* p, int n) {
  return (VecF)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
KN_INLINE VecD load_first(const double* p, int n) {
  return (VecD)_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
}
KN_INLINE void store_first(float* p, VecF v, int n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), (__m512)v);
}
KN_INLINE void store_first(double* p, VecD v, int n) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), (__m512d)v);
}
#elif defined(__AVX2__)
KN_INLINE __m256i first_lanes(const int32_t*, int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
KN_INLINE __m256i first_lanes(const int64_t*, int n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
KN_INLINE VecF load_first(const float* p, int n) {
  return (VecF)_mm256_maskload_ps(p, first_lanes(static_cast<const int32_t*>(nullptr), n));
}
KN_INLINE VecD load_first(const double* p, int n) {
  return (VecD)_mm256_maskload_pd(p, first_lanes(static_cast<const int64_t*>(nullptr), n));
}
KN_INLINE void store_first(float* p, VecF v, int n) {
  _mm256_maskstore_ps(p, first_lanes(static_cast<const int32_t*>(nullptr), n), (__m256)v);
}
KN_INLINE void store_first(double* p, VecD v, int n) {
  _mm256_maskstore_pd(p, first_lanes(static_cast<const int64_t*>(nullptr), n), (__m256d)v);
}
#else
template <class T>
KN_INLINE Vec<T> load_first(const T* p, int n) {
  Vec<T> v{};
#pragma GCC unroll 8
  for (int i = 0; i < kLanes<T>; ++i)
    if (i < n) v[i] = p[i];
  return v;
}
template <class T, class V>
KN_INLINE void store_first(T* p, V v, int n) {
#pragma GCC unroll 8
  for (int i = 0; i < kLanes<T>; ++i)
    if (i < n) p[i] = v[i];
}
#endif

}  // namespace
}  // namespace kn::cpu
