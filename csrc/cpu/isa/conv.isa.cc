// Register tiles of direct convolution. As in products of matrices, up to 12 x 2 vectors of C (6 x
// 2 where there are 16 registers) stay put while the sum goes by; here the sum is made of runs,
// pieces of A and B that lie anywhere: what is under the taps of a window.
#include "cpu/isa/conv.h"

#include "cpu/isa/conv_args.h"
#include "cpu/isa/kernel_table.h"
#include "cpu/isa/tile_rows.inc"
#include "cpu/isa/vec.h"

namespace kn::cpu {
namespace {

constexpr int kRows = kVecRegisters == 32 ? 12 : 6;

// Rows of A are reached as base, base + stride, base + 2 * stride: few registers hold all
// addresses.
template <class T, int rows, int vectors, bool partial>
void pile(const ConvPile& t) {
  constexpr int bases = (rows + 2) / 3;
  const int64_t a_row = t.a_row, a_step = t.a_step, b_step = t.b_step;
  T* c = static_cast<T*>(t.c);
  for (int64_t tile = 0; tile < t.tiles; ++tile) {
    Vec<T> acc[rows][vectors];
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j) acc[i][j] = Vec<T>{};
    for (const ConvRun *run = t.runs, *end = run + t.run_count; run != end; ++run) {
      const T* a[bases];
#pragma GCC unroll 4
      for (int g = 0; g < bases; ++g)
        a[g] = static_cast<const T*>(run->a) + (tile * rows + 3 * g) * a_row;
      const T* b = static_cast<const T*>(run->b);
      for (int64_t p = run->steps; p > 0; --p) {
        Vec<T> row[vectors];
        load_row<T, vectors, partial>(row, b, t.last_columns);
        b += b_step;
#pragma GCC unroll 12
        for (int i = 0; i < rows; ++i) {
          const Vec<T> x = splat(a[i / 3][i % 3 * a_row]);
#pragma GCC unroll 2
          for (int j = 0; j < vectors; ++j) acc[i][j] += x * row[j];
        }
#pragma GCC unroll 4
        for (int g = 0; g < bases; ++g) a[g] += a_step;
      }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i) {
      finish_row<T, vectors, partial>(acc[i], t, t.accumulate ? c : nullptr, c);
      c += t.c_row;
    }
  }
}

template <class T>
void add(int64_t n, const T* x, T* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

#include "cpu/isa/conv_depthwise.inc"
#include "cpu/isa/conv_winograd.inc"

template <class T, int vectors, int rows>
void fill_rows(ConvKernels<T>& t) {
  t.whole[vectors - 1][rows - 1] = pile<T, rows, vectors, false>;
  t.partial[vectors - 1][rows - 1] = pile<T, rows, vectors, true>;
  if constexpr (rows > 1) fill_rows<T, vectors, rows - 1>(t);
}

template <class T>
void fill_kernels(ConvKernels<T>& t) {
  t.rows = kRows;
  t.lanes = kLanes<T>;
  fill_rows<T, 1, kRows>(t);
  fill_rows<T, 2, kRows>(t);
  fill_depthwise(t);
  fill_winograd(t);
  t.add = add<T>;
}

}  // namespace

KN_FILL(conv) {
  fill_kernels(table.conv.f32);
  fill_kernels(table.conv.f64);
}

}  // namespace kn::cpu
