// Floats: a block of elements is reduced in a few vector accumulators, and its result joins a
// double, so that rounding errors do not grow with the length. Integers: loops that the compiler
// vectorises by itself.
#include "cpu/isa/reduce.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"
#include "cpu/isa/vec_fold.h"
#include "cpu/isa/vec_math.inc"

namespace kn::cpu {
namespace {

constexpr int kAccumulators = 4;
constexpr int64_t kSteps = 64;  // additions in one lane before the block joins the double

// ---- What is done to each element ----

template <class T>
constexpr T kInfinity = __builtin_huge_val();

template <class Combine>
struct Plain {
  typedef Combine Fold;
  template <class V>
  static KN_INLINE V step(V a, V x, V) {
    return Combine::step(a, x);
  }
  static KN_INLINE double join(double a, double x) { return Combine::step(a, x); }
};
struct Sum : Plain<Add> {
  template <class T>
  static constexpr T start = 0;
};
struct Product : Plain<Multiply> {
  template <class T>
  static constexpr T start = 1;
};
struct Largest : Plain<Larger> {
  template <class T>
  static constexpr T start = -kInfinity<T>;
};
struct Smallest : Plain<Smaller> {
  template <class T>
  static constexpr T start = kInfinity<T>;
};
struct Squares : Plain<Add> {
  template <class T>
  static constexpr T start = 0;
  template <class V>
  static KN_INLINE V step(V a, V x, V center) {
    return a + (x - center) * (x - center);
  }
};
struct Exps : Plain<Add> {
  template <class T>
  static constexpr T start = 0;
  template <class V>
  static KN_INLINE V step(V a, V x, V center) {
    return a + vexp(x - center);
  }
};

// ---- Rows ----

template <class Op, class T>
KN_INLINE T block_of_row(const T* x, int64_t n, Vec<T> center) {
  typedef Vec<T> V;
  constexpr int kN = kLanes<T>;
  V a[kAccumulators];
  for (int k = 0; k < kAccumulators; ++k) a[k] = splat(Op::template start<T>);
  int64_t i = 0;
  for (; i + kAccumulators * kN <= n; i += kAccumulators * kN)
    for (int k = 0; k < kAccumulators; ++k) a[k] = Op::step(a[k], load(x + i + k * kN), center);
  for (; i + kN <= n; i += kN) a[0] = Op::step(a[0], load(x + i), center);
  if (const int rest = static_cast<int>(n - i); rest > 0)
    a[1] = first_or<T>(Op::step(a[1], load_first(x + i, rest), center), a[1], rest);
  typedef typename Op::Fold F;
  return fold<F>(F::step(F::step(a[0], a[1]), F::step(a[2], a[3])));
}

template <class Op, class T>
void rows(const T* x, int64_t rows, int64_t n, int64_t stride, const T* center,
          Accumulator<T>* wide) {
  constexpr int64_t kBlock = kSteps * kAccumulators * kLanes<T>;
  for (int64_t r = 0; r < rows; ++r, x += stride) {
    const Vec<T> c = splat(center ? center[r] : T{0});
    double total = wide[r];
    for (int64_t from = 0; from < n; from += kBlock)
      total =
          Op::join(total, block_of_row<Op, T>(x + from, n - from < kBlock ? n - from : kBlock, c));
    wide[r] = total;
  }
}

// Rows of a few elements: the accumulators of a block would cost more than the row.
template <class Op, class T>
void short_rows(const T* x, int64_t rows, int64_t n, int64_t stride, const T* center,
                Accumulator<T>* wide) {
  const Vec<T> start = splat(Op::template start<T>);
  for (int64_t r = 0; r < rows; ++r, x += stride) {
    const Vec<T> c = splat(center ? center[r] : T{0});
    const Vec<T> a = Op::step(start, load_first(x, static_cast<int>(n)), c);
    wide[r] =
        Op::join(wide[r], fold<typename Op::Fold>(first_or<T>(a, start, static_cast<int>(n))));
  }
}

template <class Op, class T>
void any_rows(const T* x, int64_t n_rows, int64_t n, int64_t stride, const T* center,
              Accumulator<T>* wide) {
  if (n <= kLanes<T>) short_rows<Op, T>(x, n_rows, n, stride, center, wide);
  else rows<Op, T>(x, n_rows, n, stride, center, wide);
}

// ---- Columns ----

template <class T, int N>
KN_INLINE Vec<T> column_vector(const T* p, int k, int last) {
  return k == N - 1 && last < kLanes<T> ? load_first(p + k * kLanes<T>, last)
                                        : load(p + k * kLanes<T>);
}

// Columns [0, (N - 1) kLanes + last) of all rows; U rows at a time hide the latency of the
// addition.
template <class Op, class T, int N, int U>
KN_INLINE void strip(const T* x, int64_t rows, int64_t stride, const T* center,
                     Accumulator<T>* wide, int last) {
  typedef Vec<T> V;
  constexpr int kN = kLanes<T>;
  V c[N];
  for (int k = 0; k < N; ++k) c[k] = center ? column_vector<T, N>(center, k, last) : V{};
  for (int64_t from = 0; from < rows; from += kSteps * U) {
    const int64_t end = rows - from < kSteps * U ? rows : from + kSteps * U;
    V a[U][N];
    for (int u = 0; u < U; ++u)
      for (int k = 0; k < N; ++k) a[u][k] = splat(Op::template start<T>);
    int64_t r = from;
    for (; r + U <= end; r += U)
      for (int u = 0; u < U; ++u)
        for (int k = 0; k < N; ++k)
          a[u][k] = Op::step(a[u][k], column_vector<T, N>(x + (r + u) * stride, k, last), c[k]);
    for (; r < end; ++r)
      for (int k = 0; k < N; ++k)
        a[0][k] = Op::step(a[0][k], column_vector<T, N>(x + r * stride, k, last), c[k]);
    for (int k = 0; k < N; ++k) {
      for (int u = 1; u < U; ++u) a[0][k] = Op::Fold::step(a[0][k], a[u][k]);
      const int lanes = k == N - 1 ? last : kN;
      for (int i = 0; i < lanes; ++i) wide[k * kN + i] = Op::join(wide[k * kN + i], a[0][k][i]);
    }
  }
}

template <class Op, class T>
void columns(const T* x, int64_t rows, int64_t n, int64_t stride, const T* center,
             Accumulator<T>* wide) {
  constexpr int kWideStrip = kVecBytes == 64 ? 8 : 4;
  constexpr int kN = kLanes<T>;
  int64_t at = 0;
  for (; at + kWideStrip * kN <= n; at += kWideStrip * kN)
    strip<Op, T, kWideStrip, 1>(x + at, rows, stride, center ? center + at : center, wide + at, kN);
  for (; at + 2 * kN <= n; at += 2 * kN)
    strip<Op, T, 2, 4>(x + at, rows, stride, center ? center + at : center, wide + at, kN);
  for (; at < n; at += kN) {
    const int last = n - at < kN ? static_cast<int>(n - at) : kN;
    strip<Op, T, 1, 4>(x + at, rows, stride, center ? center + at : center, wide + at, last);
  }
}

// ---- Positions ----

struct Lower {
  template <class V>
  static KN_INLINE V step(V a, V x) {
    return x < a ? x : a;
  }
};

template <class Op, class T>
void find(const T* x, int64_t rows, int64_t n, int64_t* position) {
  typedef Indices<T> I;
  typedef typename IndexOf<T>::element Index;
  constexpr int kN = kLanes<T>;
  const Vec<T> start = splat(Op::template start<T>);
  const I none = I{} + static_cast<Index>(0x7fffffff);
  for (int64_t r = 0; r < rows; ++r, x += n) {
    Vec<T> best = start;
    int64_t i = 0;
    for (; i + kN <= n; i += kN) best = Op::Fold::step(best, load(x + i));
    const int rest = static_cast<int>(n - i);
    const Vec<T> tail = rest ? first_or<T>(load_first(x + i, rest), start, rest) : start;
    best = Op::Fold::step(best, tail);
    const Vec<T> target = splat(fold<typename Op::Fold>(best));
    I first = none, at = lane_numbers<T>();
    for (i = 0; i + kN <= n; i += kN, at += static_cast<Index>(kN)) {
      const Vec<T> v = load(x + i);
      first = Lower::step(first, ((v == target) | (v != v)) ? at : none);
    }
    if (rest) {
      const I hit = ((tail == target) | (tail != tail)) ? at : none;
      first = Lower::step(first, at < static_cast<Index>(n) ? hit : none);
    }
    position[r] = fold<Lower>(first);
  }
}

// ---- Integers ----

KN_INLINE int64_t combine(int64_t a, int64_t x, Sum) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(x));
}
KN_INLINE int64_t combine(int64_t a, int64_t x, Product) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(x));
}
KN_INLINE int64_t combine(int64_t a, int64_t x, Largest) { return x > a ? x : a; }
KN_INLINE int64_t combine(int64_t a, int64_t x, Smallest) { return x < a ? x : a; }

template <class Op, class T>
void integer_rows(const T* x, int64_t rows, int64_t n, int64_t stride, const T*, int64_t* wide) {
  for (int64_t r = 0; r < rows; ++r, x += stride) {
    int64_t total = wide[r];
    for (int64_t i = 0; i < n; ++i) total = combine(total, x[i], Op{});
    wide[r] = total;
  }
}

template <class Op, class T>
void integer_columns(const T* x, int64_t rows, int64_t n, int64_t stride, const T*, int64_t* wide) {
  for (int64_t r = 0; r < rows; ++r, x += stride) {
    KN_INDEPENDENT for (int64_t i = 0; i < n; ++i) wide[i] = combine(wide[i], x[i], Op{});
  }
}

template <class T>
void fill_floats(ReduceLoops<T>& l) {
  l = {{any_rows<Sum, T>, any_rows<Product, T>, any_rows<Largest, T>, any_rows<Smallest, T>,
        any_rows<Squares, T>, any_rows<Exps, T>},
       {columns<Sum, T>, columns<Product, T>, columns<Largest, T>, columns<Smallest, T>,
        columns<Squares, T>, columns<Exps, T>},
       find<Largest, T>,
       find<Smallest, T>};
}

template <class T>
void fill_integers(ReduceLoops<T>& l) {
  l = {{integer_rows<Sum, T>, integer_rows<Product, T>, integer_rows<Largest, T>,
        integer_rows<Smallest, T>, nullptr, nullptr},
       {integer_columns<Sum, T>, integer_columns<Product, T>, integer_columns<Largest, T>,
        integer_columns<Smallest, T>, nullptr, nullptr},
       nullptr,
       nullptr};
}

}  // namespace

KN_FILL(reduce) {
  fill_floats(table.reduce.f32);
  fill_floats(table.reduce.f64);
  fill_integers(table.reduce.i32);
  fill_integers(table.reduce.i64);
  fill_integers(table.reduce.u8);
}

}  // namespace kn::cpu
