// A row of n elements as vectors, the last one partial. Row<T, N> has N vectors, known when
// compiled, so that a short row stays in registers; Row<T, 0> has any number. Include only from
// *.isa.cc.
#pragma once

#include "cpu/isa/vec_fold.h"

namespace kn::cpu {
namespace {

template <class T, int N>
struct Row {
  typedef Vec<T> V;
  static constexpr int kN = kLanes<T>;
  int64_t vectors;
  int last;  // elements of the last vector, 1 to kLanes

  explicit Row(int64_t n)
      : vectors((n + kN - 1) / kN), last(static_cast<int>(n - (vectors - 1) * kN)) {}

  KN_INLINE bool is_last(int64_t k) const { return k == (N ? N : vectors) - 1; }
  // Lanes beyond the row are zero.
  KN_INLINE V get(const T* p, int64_t k) const {
    return is_last(k) ? load_first(p + k * kN, last) : load(p + k * kN);
  }
  KN_INLINE void put(T* p, int64_t k, V v) const {
    if (is_last(k)) store_first(p + k * kN, v, last);
    else store(p + k * kN, v);
  }
  // v, but `rest` in lanes beyond the row.
  KN_INLINE V within(V v, int64_t k, V rest) const {
    return is_last(k) ? first_or<T>(v, rest, last) : v;
  }
  KN_INLINE V get_or(const T* p, int64_t k, V rest) const { return within(get(p, k), k, rest); }

  template <class F>
  KN_INLINE void each(const F& f) const {
    if constexpr (N > 0) {
#pragma GCC unroll 4
      for (int k = 0; k < N; ++k) f(k);
    } else {
      for (int64_t k = 0; k < vectors; ++k) f(k);
    }
  }
  // Sum of f(k) over the vectors, and their lanes within the row.
  template <class F>
  KN_INLINE T sum(const F& f) const {
    V total{};
    each([&](int64_t k) { total += within(f(k), k, V{}); });
    return fold<Add>(total);
  }
};

// Vectors kept between two looks at a row: registers for a short one, memory at `p` for others.
template <class T, int N>
struct Kept {
  Vec<T> v[N];
  explicit Kept(T*) {}
  KN_INLINE void put(const Row<T, N>&, int64_t k, Vec<T> x) { v[k] = x; }
  KN_INLINE Vec<T> get(const Row<T, N>&, int64_t k) const { return v[k]; }
};
template <class T>
struct Kept<T, 0> {
  T* p;
  explicit Kept(T* memory) : p(memory) {}
  KN_INLINE void put(const Row<T, 0>& r, int64_t k, Vec<T> x) { r.put(p, k, x); }
  KN_INLINE Vec<T> get(const Row<T, 0>& r, int64_t k) const { return r.get(p, k); }
};

// Calls body.template run<N>() with the N that suits rows of n elements.
template <class T, class Body>
KN_INLINE void with_row_width(int64_t n, const Body& body) {
  const int64_t vectors = (n + kLanes<T> - 1) / kLanes<T>;
  if (vectors == 1) body.template run<1>();
  else if (vectors == 2) body.template run<2>();
  else if (vectors == 3) body.template run<3>();
  else body.template run<0>();
}

// x > a ? x : a, where NaN does not matter.
struct Max {
  template <class V>
  static KN_INLINE V step(V a, V x) {
    return x > a ? x : a;
  }
};

}  // namespace
}  // namespace kn::cpu
