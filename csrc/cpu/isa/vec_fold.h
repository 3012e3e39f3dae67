// A vector folded to one element by halves: fold<Op>(v), where Op::step(a, x) combines vectors of
// any width. Include only from *.isa.cc.
#pragma once

#include "cpu/isa/vec.h"

namespace kn::cpu {
namespace {

typedef float F4 __attribute__((vector_size(16)));
typedef float F8 __attribute__((vector_size(32)));
typedef float F16 __attribute__((vector_size(64)));
typedef double D2 __attribute__((vector_size(16)));
typedef double D4 __attribute__((vector_size(32)));
typedef double D8 __attribute__((vector_size(64)));
typedef int32_t I4 __attribute__((vector_size(16)));
typedef int32_t I8 __attribute__((vector_size(32)));
typedef int32_t I16 __attribute__((vector_size(64)));
typedef int64_t L2 __attribute__((vector_size(16)));
typedef int64_t L4 __attribute__((vector_size(32)));
typedef int64_t L8 __attribute__((vector_size(64)));

#define KN_FOLD_2(V2, T)                                            \
  template <class Op>                                               \
  KN_INLINE T fold(V2 v) {                                          \
    return Op::step(v, V2(__builtin_shufflevector(v, v, 1, 0)))[0]; \
  }
#define KN_FOLD_4(V4, T)                                                  \
  template <class Op>                                                     \
  KN_INLINE T fold(V4 v) {                                                \
    v = Op::step(v, V4(__builtin_shufflevector(v, v, 2, 3, 0, 1)));       \
    return Op::step(v, V4(__builtin_shufflevector(v, v, 1, 0, 3, 2)))[0]; \
  }
#define KN_FOLD_HALF(V, Half, T, first, second)           \
  template <class Op>                                     \
  KN_INLINE T fold(V v) {                                 \
    const Half a = __builtin_shufflevector(v, v, first);  \
    const Half b = __builtin_shufflevector(v, v, second); \
    return fold<Op>(Half(Op::step(a, b)));                \
  }
#define KN_SEQ(...) __VA_ARGS__

KN_FOLD_4(F4, float)
KN_FOLD_4(I4, int32_t)
KN_FOLD_2(D2, double)
KN_FOLD_2(L2, int64_t)
KN_FOLD_HALF(D4, D2, double, KN_SEQ(0, 1), KN_SEQ(2, 3))
KN_FOLD_HALF(L4, L2, int64_t, KN_SEQ(0, 1), KN_SEQ(2, 3))
KN_FOLD_HALF(D8, D4, double, KN_SEQ(0, 1, 2, 3), KN_SEQ(4, 5, 6, 7))
KN_FOLD_HALF(L8, L4, int64_t, KN_SEQ(0, 1, 2, 3), KN_SEQ(4, 5, 6, 7))
KN_FOLD_HALF(F8, F4, float, KN_SEQ(0, 1, 2, 3), KN_SEQ(4, 5, 6, 7))
KN_FOLD_HALF(I8, I4, int32_t, KN_SEQ(0, 1, 2, 3), KN_SEQ(4, 5, 6, 7))
KN_FOLD_HALF(F16, F8, float, KN_SEQ(0, 1, 2, 3, 4, 5, 6, 7), KN_SEQ(8, 9, 10, 11, 12, 13, 14, 15))
KN_FOLD_HALF(I16, I8, int32_t, KN_SEQ(0, 1, 2, 3, 4, 5, 6, 7), KN_SEQ(8, 9, 10, 11, 12, 13, 14, 15))

#undef KN_FOLD_2
#undef KN_FOLD_4
#undef KN_FOLD_HALF
#undef KN_SEQ

// The combinations that folds know. A NaN wins over every number.
struct Add {
  template <class V>
  static KN_INLINE V step(V a, V x) {
    return a + x;
  }
};
struct Multiply {
  template <class V>
  static KN_INLINE V step(V a, V x) {
    return a * x;
  }
};
struct Larger {
  template <class V>
  static KN_INLINE V step(V a, V x) {
    return ((x > a) | (x != x)) ? x : a;
  }
};
struct Smaller {
  template <class V>
  static KN_INLINE V step(V a, V x) {
    return ((x < a) | (x != x)) ? x : a;
  }
};

// Integer vectors as wide as Vec<T>, lane by lane: masks and positions.
template <class T>
struct IndexOf;
template <>
struct IndexOf<float> {
  typedef VecI type;
  typedef int32_t element;
};
template <>
struct IndexOf<double> {
  typedef VecL type;
  typedef int64_t element;
};
template <class T>
using Indices = typename IndexOf<T>::type;

// 0, 1, 2, …
template <class T>
KN_INLINE Indices<T> lane_numbers() {
  Indices<T> v{};
#pragma GCC unroll 16
  for (int i = 0; i < kLanes<T>; ++i) v[i] = i;
  return v;
}

// The first n lanes of v, and `rest` in the others.
template <class T>
KN_INLINE Vec<T> first_or(Vec<T> v, Vec<T> rest, int n) {
  typedef typename IndexOf<T>::element I;
  return lane_numbers<T>() < static_cast<I>(n) ? v : rest;
}

}  // namespace
}  // namespace kn::cpu
