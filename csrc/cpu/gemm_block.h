// One thread's share of a matrix product: the loops between a chunk of C and its register tiles.
#pragma once

#include "cpu/isa/gemm.h"

namespace kn::cpu {

inline constexpr int64_t kGemmAlign = 64;  // bytes of a line of the cache

// Elements between `p` and the first line that begins at it or after it.
template <class T>
int64_t elements_before_line(const T* p) {
  return (-reinterpret_cast<std::intptr_t>(p) & (kGemmAlign - 1)) / static_cast<int64_t>(sizeof(T));
}

// Element (i, p) of A is a[i * a_row + p * a_step], (p, j) of B is b[p * b_step + j * b_column];
// one stride of each is 1.
template <class T>
struct GemmOperands {
  const T* a;
  int64_t a_row, a_step;
  const T* b;
  int64_t b_step, b_column;
};

// From that many rows on it costs little to pack B for them alone.
inline constexpr int64_t kGemmHighRows = 240;

// How the blocks of a product are gone through, and what a thread needs for it, in elements from
// the start of its share of the workspace.
struct GemmLayout {
  int64_t depth = 0;  // steps of k in a pass
  bool strips = false, direct_b = false, packs_a = false;
  int64_t panels_b = 0;  // of B: two of `depth` steps, or all of the chunk's where k is one pass
  int64_t packed_a = 0;  // of A: the chunk's rows over `depth`, or a strip of them
  int64_t packed_row = 0;
  int64_t sums = 0;  // the chunk of C between passes
  int64_t total = 0;
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
  T* scratch;
};

// For blocks of up to rows x columns over k.
template <class T>
GemmLayout layout_of(const GemmKernels<T>& kernels, const GemmOperands<T>& strides, int64_t rows,
                     int64_t columns, int64_t k, int64_t depth);

template <class T>
void compute_block(const GemmKernels<T>& kernels, const GemmLayout& layout,
                   const GemmBlock<T>& block);

}  // namespace kn::cpu
