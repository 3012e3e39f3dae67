// Squares of vectors turned around in registers. Include only from *.isa.cc and *.amx.cc.
#pragma once

#include "cpu/isa/vec.h"

namespace kn::cpu {
namespace {

#if defined(__AVX512F__)
#define KN_SHUFFLE_LOW_F 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define KN_SHUFFLE_HIGH_F 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define KN_SHUFFLE_LOW_D 0, 8, 1, 9, 2, 10, 3, 11
#define KN_SHUFFLE_HIGH_D 4, 12, 5, 13, 6, 14, 7, 15
#elif defined(__AVX__)
#define KN_SHUFFLE_LOW_F 0, 8, 1, 9, 2, 10, 3, 11
#define KN_SHUFFLE_HIGH_F 4, 12, 5, 13, 6, 14, 7, 15
#define KN_SHUFFLE_LOW_D 0, 4, 1, 5
#define KN_SHUFFLE_HIGH_D 2, 6, 3, 7
#else
#define KN_SHUFFLE_LOW_F 0, 4, 1, 5
#define KN_SHUFFLE_HIGH_F 2, 6, 3, 7
#define KN_SHUFFLE_LOW_D 0, 2
#define KN_SHUFFLE_HIGH_D 1, 3
#endif

KN_INLINE VecF low(VecF a, VecF b) { return __builtin_shufflevector(a, b, KN_SHUFFLE_LOW_F); }
KN_INLINE VecF high(VecF a, VecF b) { return __builtin_shufflevector(a, b, KN_SHUFFLE_HIGH_F); }
KN_INLINE VecD low(VecD a, VecD b) { return __builtin_shufflevector(a, b, KN_SHUFFLE_LOW_D); }
KN_INLINE VecD high(VecD a, VecD b) { return __builtin_shufflevector(a, b, KN_SHUFFLE_HIGH_D); }

// Transposes a square of vectors: log2(lanes) perfect shuffles of its rows.
template <class T>
KN_INLINE void transpose_square(Vec<T> (&v)[kLanes<T>]) {
  constexpr int lanes = kLanes<T>;
#pragma GCC unroll 4
  for (int stage = 1; stage < lanes; stage *= 2) {
    Vec<T> next[lanes];
#pragma GCC unroll 8
    for (int i = 0; i < lanes / 2; ++i) {
      next[2 * i] = low(v[i], v[i + lanes / 2]);
      next[2 * i + 1] = high(v[i], v[i + lanes / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) v[i] = next[i];
  }
}

}  // namespace
}  // namespace kn::cpu
