// One thread's share of a matrix product: the loops between a chunk of C and its register tiles.
#pragma once

#include "cpu/isa/gemm.h"

namespace kn::cpu {

// Element (i, p) of A is a[i * a_row + p * a_step], (p, j) of B is b[p * b_step + j * b_column]; one
// stride of each is 1.
template <class T>
struct GemmOperands {
  const T* a;
  int64_t a_row, a_step;
  const T* b;
  int64_t b_step, b_column;
};

template <class T>
struct GemmBlock {
  GemmOperands<T> in;  // at the block's first row, column and step
  int64_t rows, columns, k;
  T* c;
  int64_t c_row;
  bool accumulate;
  const T* bias;  // of the block's first column, or nullptr
  bool relu;
  int64_t depth;  // steps of k at a time
  T* panel_b;     // (depth, 2 vectors)
  T* packed_a;    // (rows, depth) and one vector, or nullptr where A is not to be packed
};

template <class T>
void compute_block(const GemmKernels<T>& kernels, const GemmBlock<T>& block);

}  // namespace kn::cpu
