// What the shape of a product and its split decide for all runs: small products would spend a part
// of their time on these divisions.
#pragma once

#include <algorithm>

#include "base/rounding.h"
#include "cpu/gemm_block.h"
#include "cpu/gemm_split.h"
#include "cpu/gemm_stream.h"
#include "cpu/gemm_thirds.h"

namespace kn::cpu {

template <class T>
const GemmKernels<T>& kernels_of(const GemmTable& table) {
  if constexpr (sizeof(T) == sizeof(double)) return table.f64;
  else return table.f32;
}

// A and B with their strides, in each other's place where the product is turned around.
template <class T>
GemmOperands<T> operands_of(const GemmShape& s, const GemmSplit& g, const T* a, const T* b) {
  const int64_t lda = s.row_a(), ldb = s.row_b();
  const int64_t a_row = s.transpose_a ? 1 : lda, a_step = s.transpose_a ? lda : 1;
  const int64_t b_step = s.transpose_b ? 1 : ldb, b_column = s.transpose_b ? ldb : 1;
  if (g.swapped) return {b, b_column, b_step, a, a_step, a_row};
  return {a, a_row, a_step, b, b_step, b_column};
}

struct GemmGrid {
  int64_t rows = 0, columns = 0;  // chunks down and across C
  GemmLayout plain;               // of one kind of blocks or of the others
  ThirdsLayout thirds;
  StreamLayout stream;
  int64_t slot = 0;   // elements of a thread's memory: the layout's and a piece to turn around
  int64_t parts = 0;  // elements of all sums over parts of k
};

template <class T>
GemmGrid grid_of(const GemmShape& s, const GemmSplit& g, const GemmTable& table) {
  constexpr int64_t unit = kGemmAlign / static_cast<int64_t>(sizeof(T));
  const GemmKernels<T>& kernels = kernels_of<T>(table);
  const GemmOperands<T> strides = operands_of<T>(s, g, nullptr, nullptr);
  GemmGrid grid;
  grid.rows = ceil_div(g.m, g.rows);
  grid.columns = ceil_div(g.n, g.columns);
  if constexpr (sizeof(T) == sizeof(float))
    if (g.thirds)
      grid.thirds = thirds_layout_of(kernels, strides, g.rows, g.columns, g.inner, g.depth);
  if (!g.thirds) grid.plain = layout_of(kernels, strides, g.rows, g.columns, g.inner, g.depth);
  if (g.streams) grid.stream = stream_layout_of(std::min(g.rows, g.m), s.k);
  grid.slot = grid.plain.total + std::max(grid.thirds.total, grid.stream.total);
  if (g.swapped && g.parts == 1) grid.slot += round_up(g.rows * g.columns, unit);
  if (g.parts > 1) grid.parts = round_up(g.parts * g.m * g.n, unit);
  return grid;
}

}  // namespace kn::cpu
