// Table of the register tiles of matrix products (see cpu/gemm.cc for how they are put together).
#pragma once

#include <cstdint>

namespace kn::cpu {

// One tile of C, `rows` x up to two vectors, over k steps. Strides are in elements. Row i and step p
// of A lie at a[i * a_row + p * a_step], so rows, columns and packed panels of A all do; step p of
// B's columns is a row at b[p * b_step].
struct GemmTile {
  const void* a;
  int64_t a_row, a_step;
  const void* b;
  int64_t b_step;
  void* c;
  int64_t c_row;
  int64_t k;
  int last_columns;    // columns of the last vector, for the partial tiles
  bool accumulate;     // add to C instead of overwriting it
  bool relu;           // and clip at zero after the bias
  const void* bias;    // (columns of the tile,), or nullptr
  void* packed_a;      // where the packing tiles leave their operands: (k, kGemmRows) and
  void* packed_b;      // (k, vectors)
  const char* ahead;   // memory to fetch into the outer cache meanwhile: a line per step of k
  int64_t ahead_step;  // bytes
};

using GemmTileFn = void (*)(const GemmTile&);

// rows x columns of `from` to columns x rows at `to`; strides between rows in elements.
template <class T>
using TransposeFn = void (*)(int64_t rows, int64_t columns, const T* from, int64_t from_row, T* to,
                             int64_t to_row);

// Rows of C through the epilogue: c = relu(c + bias), both optional.
template <class T>
using FinishFn = void (*)(int64_t rows, int64_t columns, T* c, int64_t c_row, const T* bias,
                          bool relu);

// y += x, n elements.
template <class T>
using AddFn = void (*)(int64_t n, const T* x, T* y);

inline constexpr int kGemmMaxRows = 12;

template <class T>
struct GemmKernels {
  int rows;   // of a full tile
  int lanes;  // of a vector: a tile is one or two wide
  // [vectors - 1][rows - 1], the last vector whole or partial.
  GemmTileFn whole[2][kGemmMaxRows];
  GemmTileFn partial[2][kGemmMaxRows];
  // Tiles of full height that leave copies of what they read.
  GemmTileFn pack_b[2], pack_b_partial[2];
  GemmTileFn pack_a, pack_a_b;
  TransposeFn<T> transpose;
  FinishFn<T> finish;
  AddFn<T> add;
};

struct GemmTable {
  GemmKernels<float> f32;
  GemmKernels<double> f64;
};

}  // namespace kn::cpu
