// Register tiles of matrix products. A tile keeps up to 12 x 2 vectors of C in registers (6 x 2
// where there are 16 of them) and each step of k takes one row of B in vectors and one element of A
// per row, broadcast: two fused multiply-adds per cycle are then held up by nothing else.
#include "cpu/isa/gemm.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/tile_rows.inc"
#include "cpu/isa/vec.h"
#include "cpu/isa/vec_transpose.h"

namespace kn::cpu {
namespace {

constexpr int kRows = kVecRegisters == 32 ? 12 : 6;

// A tile's operands on their way through k. Rows of A are reached as base, base + stride, base + 2
// * stride: few registers hold all addresses.
template <class T, int rows, int vectors, bool partial>
struct Steps {
  static constexpr int kBases = (rows + 2) / 3;
  const T* a[kBases];
  const T* b;
  int64_t a_row, a_step, b_step;
  int last;
  Vec<T> acc[rows][vectors];

  KN_INLINE void next() {
    Vec<T> row[vectors];
    load_row<T, vectors, partial>(row, b, last);
    b += b_step;
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i) {
      const Vec<T> x = splat(a[i / 3][i % 3 * a_row]);
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j) acc[i][j] += x * row[j];
    }
#pragma GCC unroll 4
    for (int g = 0; g < kBases; ++g) a[g] += a_step;
  }
};

template <class T, int rows, int vectors, bool partial>
void pile(const GemmPile& t) {
  using S = Steps<T, rows, vectors, partial>;
  const T* first = static_cast<const T*>(t.a);
  const T* sum = static_cast<const T*>(t.sum);
  T* c = static_cast<T*>(t.c);
  const char* fetch = t.fetch.at;
  const int64_t fetch_step = t.fetch.step;
  int64_t fetch_left = t.fetch.inner;
  for (int64_t n = t.tiles; n > 0; --n, first += t.a_tile) {
    S s;
    s.a_row = t.a_row;
    s.a_step = t.a_step;
    s.b_step = t.b_step;
    s.last = t.last_columns;
    s.b = static_cast<const T*>(t.b);
#pragma GCC unroll 4
    for (int g = 0; g < S::kBases; ++g) s.a[g] = first + 3 * g * t.a_row;
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j) s.acc[i][j] = Vec<T>{};
    for (int64_t p = t.k / 2; p > 0; --p) {
      s.next();
      __builtin_prefetch(fetch, 0, 2);
      fetch += fetch_step;
      if (--fetch_left == 0) {
        fetch_left = t.fetch.inner;
        fetch += t.fetch.jump;
      }
      s.next();
    }
    if (t.k % 2) s.next();
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i) {
      finish_row<T, vectors, partial>(s.acc[i], t, sum, c);
      c += t.c_row;
      if (sum) sum += t.sum_row;
    }
  }
}

// One square of `height` x `width` at most lanes x lanes.
template <class T>
KN_INLINE void transpose_edge(int height, int width, const T* from, int64_t from_row, T* to,
                              int64_t to_row) {
  constexpr int lanes = kLanes<T>;
  Vec<T> v[lanes];
#pragma GCC unroll 16
  for (int r = 0; r < lanes; ++r)
    v[r] = r < height ? load_first(from + r * from_row, width) : Vec<T>{};
  transpose_square<T>(v);
#pragma GCC unroll 16
  for (int r = 0; r < lanes; ++r)
    if (r < width) store_first(to + r * to_row, v[r], height);
}

template <class T>
void transpose(int64_t rows, int64_t columns, const T* from, int64_t from_row, T* to,
               int64_t to_row) {
  constexpr int lanes = kLanes<T>;
  for (int64_t i = 0; i < rows; i += lanes) {
    const int height = static_cast<int>(rows - i < lanes ? rows - i : lanes);
    for (int64_t j = 0; j < columns; j += lanes) {
      const int width = static_cast<int>(columns - j < lanes ? columns - j : lanes);
      const T* source = from + i * from_row + j;
      T* target = to + j * to_row + i;
      if (height < lanes || width < lanes) {
        transpose_edge(height, width, source, from_row, target, to_row);
        continue;
      }
      Vec<T> v[lanes];
#pragma GCC unroll 16
      for (int r = 0; r < lanes; ++r) v[r] = load(source + r * from_row);
      transpose_square<T>(v);
#pragma GCC unroll 16
      for (int r = 0; r < lanes; ++r) store(target + r * to_row, v[r]);
    }
  }
}

template <class T>
void copy(int64_t rows, int64_t columns, const T* from, int64_t from_row, T* to, int64_t to_row) {
  constexpr int lanes = kLanes<T>;
  if (columns == 2 * lanes) {
    for (; rows > 0; --rows, from += from_row, to += to_row) {
      const Vec<T> x = load(from), y = load(from + lanes);
      store(to, x);
      store(to + lanes, y);
    }
    return;
  }
  for (; rows > 0; --rows, from += from_row, to += to_row) {
    int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) store(to + j, load(from + j));
    const int rest = static_cast<int>(columns - j);
    if (rest > 0) store_first(to + j, load_first(from + j, rest), rest);
  }
}

template <class T>
void finish(int64_t rows, int64_t columns, T* c, int64_t c_row, const T* bias, bool relu) {
  for (int64_t i = 0; i < rows; ++i, c += c_row) {
    if (bias)
      for (int64_t j = 0; j < columns; ++j) c[j] += bias[j];
    if (relu)
      for (int64_t j = 0; j < columns; ++j) c[j] = c[j] < 0 ? 0 : c[j];
  }
}

template <class T>
void add(int64_t n, const T* x, T* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

template <class T, int vectors, int rows>
void fill_rows(GemmKernels<T>& t) {
  t.whole[vectors - 1][rows - 1] = pile<T, rows, vectors, false>;
  t.partial[vectors - 1][rows - 1] = pile<T, rows, vectors, true>;
  if constexpr (rows > 1) fill_rows<T, vectors, rows - 1>(t);
}

template <class T>
void fill_kernels(GemmKernels<T>& t) {
  t.rows = kRows;
  t.lanes = kLanes<T>;
  fill_rows<T, 1, kRows>(t);
  fill_rows<T, 2, kRows>(t);
  t.copy = copy<T>;
  t.transpose = transpose<T>;
  t.finish = finish<T>;
  t.add = add<T>;
}

}  // namespace

KN_FILL(gemm) {
  fill_kernels(table.gemm.f32);
  fill_kernels(table.gemm.f64);
}

}  // namespace kn::cpu
