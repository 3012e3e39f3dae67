// Sums of products whose steps are neighbours in memory. A tile of C is as many elements as a
// vector has lanes, each of which a vector sums up; at the end these vectors are folded into one,
// all at a time. An element is summed in the same order wherever in a tile it is.
#include "cpu/isa/dots.h"

#include "cpu/isa/conv_args.h"
#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"
#include "cpu/isa/vec_transpose.h"

namespace kn::cpu {
namespace {

// Lane i of the result is the sum of v[i]: half as many vectors, each with twice as many sums in
// it, again and again.
template <class T, int count = kLanes<T>>
KN_INLINE Vec<T> fold_all(Vec<T> (&v)[count]) {
  if constexpr (count == 1) {
    return v[0];
  } else {
    Vec<T> half[count / 2];
#pragma GCC unroll 8
    for (int i = 0; i < count / 2; ++i)
      half[i] = low(v[i], v[i + count / 2]) + high(v[i], v[i + count / 2]);
    return fold_all<T, count / 2>(half);
  }
}

// Rows of A, from the first one of a tile on. A tile at the end repeats its last row.
template <class T, int rows, bool whole>
struct Rows {
  static constexpr int kBases = (rows + 2) / 3;  // few registers hold all addresses
  const T* base[whole ? kBases : rows];
  int64_t row;

  KN_INLINE Rows(const T* a, int64_t row, int64_t count) : row(row) {
    if constexpr (whole) {
#pragma GCC unroll 8
      for (int g = 0; g < kBases; ++g) base[g] = a + 3 * g * row;
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) base[i] = a + (i < count ? i : count - 1) * row;
    }
  }
  KN_INLINE const T* at(int i) const {
    if constexpr (whole) return base[i / 3] + i % 3 * row;
    else return base[i];
  }
};

// Columns [first, first + columns) of C, all its rows. Element (i, j) of a tile is number i * kWide
// + j of its vectors.
template <class T, int columns>
struct Dots {
  static constexpr int kN = kLanes<T>;
  static constexpr int kWide = columns == 3 ? 4 : columns;
  static constexpr int kRows = kN / kWide;
  const ConvPile& t;
  const int64_t first;
  Vec<T> bias{};

  explicit Dots(const ConvPile& pile, int64_t first) : t(pile), first(first) {
    if (const T* from = static_cast<const T*>(t.bias))
      for (int i = 0; i < kN; ++i) bias[i] = i % kWide < columns ? from[first + i % kWide] : 0;
  }

  template <bool whole>
  KN_INLINE Vec<T> tile(int64_t at, int64_t count) const {
    Vec<T> sum[kN];
#pragma GCC unroll 16
    for (int i = 0; i < kN; ++i) sum[i] = Vec<T>{};
    for (const ConvRun *run = t.runs, *end = run + t.run_count; run != end; ++run) {
      const Rows<T, kRows, whole> a(static_cast<const T*>(run->a) + at * t.a_row, t.a_row, count);
      const T* b = static_cast<const T*>(run->b) + first * t.b_step;
      int64_t p = 0;
      for (; p + kN <= run->steps; p += kN)
        add(sum, a, b, p, [](const T* from) { return load(from); });
      if (const int rest = static_cast<int>(run->steps - p))
        add(sum, a, b, p, [rest](const T* from) { return load_first(from, rest); });
    }
    return fold_all<T>(sum);
  }

  template <class Source, class Load>
  KN_INLINE void add(Vec<T> (&sum)[kN], const Source& a, const T* b, int64_t p,
                     const Load& get) const {
    Vec<T> w[columns];
#pragma GCC unroll 4
    for (int j = 0; j < columns; ++j) w[j] = get(b + j * t.b_step + p);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const Vec<T> x = get(a.at(i) + p);
#pragma GCC unroll 4
      for (int j = 0; j < columns; ++j) sum[i * kWide + j] += x * w[j];
    }
  }

  KN_INLINE Vec<T> finished(Vec<T> sum, Vec<T> old) const {
    sum = sum + old + bias;
    return t.relu ? (sum < 0 ? Vec<T>{} : sum) : sum;
  }

  // `count` rows of C from row `at` on.
  KN_INLINE void put(Vec<T> sum, int64_t at, int count) const {
    T* c = static_cast<T*>(t.c) + at * t.c_row + first;
    if (columns == kWide && t.c_row == columns) {
      const int n = count * columns;
      const Vec<T> old = t.accumulate ? load_first(c, n) : Vec<T>{};
      return store_first(c, finished(sum, old), n);
    }
    constexpr int64_t row = columns * static_cast<int64_t>(sizeof(T));
    T all[kN] = {};
    if (t.accumulate)
      for (int i = 0; i < count; ++i) __builtin_memcpy(all + i * kWide, c + i * t.c_row, row);
    store(all, finished(sum, load(all)));
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
      if (i < count) __builtin_memcpy(c + i * t.c_row, all + i * kWide, row);
  }

  void run() const {
    int64_t at = 0;
    for (; at + kRows <= t.tiles; at += kRows) put(tile<true>(at, kRows), at, kRows);
    if (const int64_t rest = t.tiles - at) put(tile<false>(at, rest), at, static_cast<int>(rest));
  }
};

template <class T, int columns>
void dots(const ConvPile& t) {
  if constexpr (columns > kLanes<T>) {
    Dots<T, 2>(t, 0).run();
    Dots<T, columns - 2>(t, 2).run();
  } else {
    Dots<T, columns>(t, 0).run();
  }
}

// sum + `count` rows of m times numbers of x, at one place of them.
template <class T, int count, class Load>
KN_INLINE Vec<T> with_rows(Vec<T> sum, const Vec<T> (&x)[count], const T* m, int64_t row,
                           const Load& get) {
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) sum += x[i] * get(m + i * row);
  return sum;
}

// `count` rows of m to y, so many at a time that y is seldom read and written.
template <class T, int count>
void add_rows(int64_t n, const T* m, int64_t row, const T* v, bool accumulate, T* y) {
  constexpr int kN = kLanes<T>;
  Vec<T> x[count];
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) x[i] = splat(v[i]);
  int64_t j = 0;
  for (; j + kN <= n; j += kN)
    store(y + j, with_rows<T, count>(accumulate ? load(y + j) : Vec<T>{}, x, m + j, row,
                                     [](const T* from) { return load(from); }));
  if (j == n) return;
  const int rest = static_cast<int>(n - j);
  const auto get = [rest](const T* from) { return load_first(from, rest); };
  store_first(y + j, with_rows<T, count>(accumulate ? get(y + j) : Vec<T>{}, x, m + j, row, get),
              rest);
}

template <class T>
void combine(int64_t rows, int64_t n, const T* m, int64_t row, const T* v, bool accumulate, T* y) {
  if (rows == 0 && !accumulate)
    for (int64_t j = 0; j < n; ++j) y[j] = 0;
  for (; rows >= 8; rows -= 8, m += 8 * row, v += 8, accumulate = true)
    add_rows<T, 8>(n, m, row, v, accumulate, y);
  for (; rows >= 2; rows -= 2, m += 2 * row, v += 2, accumulate = true)
    add_rows<T, 2>(n, m, row, v, accumulate, y);
  if (rows > 0) add_rows<T, 1>(n, m, row, v, accumulate, y);
}

template <class T>
void fill_kernels(DotKernels<T>& t) {
  t.lanes = kLanes<T>;
  t.dots[0] = dots<T, 1>;
  t.dots[1] = dots<T, 2>;
  t.dots[2] = dots<T, 3>;
  t.dots[3] = dots<T, 4>;
  t.combine = combine<T>;
}

}  // namespace

KN_FILL(dots) {
  fill_kernels(table.dots.f32);
  fill_kernels(table.dots.f64);
}

}  // namespace kn::cpu
