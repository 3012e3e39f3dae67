// Table of the inner loops of matrix products (see cpu/gemm.cc for how they are put together).
#pragma once

#include <cstdint>

namespace kn::cpu {

// Memory that later work will read, fetched into the outer cache in the meantime: at every other
// step of k the line of the next address, `step` bytes on, `inner` times to a row of it, then
// `jump` bytes further. Rows should be long: only what is read in sequence is also fetched ahead by
// the processor itself, which alone is fast enough.
struct GemmFetch {
  const char* at;
  int64_t step, inner, jump;
};

// A pile of tiles of C, each `rows` x up to two vectors, over k steps. Strides are in elements. Row
// i and step p of A lie at a[i * a_row + p * a_step], so rows, columns and packed panels of A all
// do; step p of B's columns is a row at b[p * b_step].
struct GemmPile {
  int64_t tiles, k;
  const void* a;
  int64_t a_row, a_step, a_tile;
  const void* b;
  int64_t b_step;
  void* c;
  int64_t c_row;
  const void* sum;  // is added to the product, or nullptr; rows at sum_row
  int64_t sum_row;
  const void* bias;  // (columns of the tile,), or nullptr
  bool relu;         // clip at zero after the bias
  int last_columns;  // columns of the last vector, for the partial tiles
  GemmFetch fetch;
};

using GemmPileFn = void (*)(const GemmPile&);

// A block of rows x columns; strides between rows in elements.
template <class T>
using MoveFn = void (*)(int64_t rows, int64_t columns, const T* from, int64_t from_row, T* to,
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
  GemmPileFn whole[2][kGemmMaxRows];
  GemmPileFn partial[2][kGemmMaxRows];
  MoveFn<T> copy;
  MoveFn<T> transpose;
  FinishFn<T> finish;
  AddFn<T> add;
};

struct GemmThirds;
struct GemmHalves;

struct GemmTable {
  GemmKernels<float> f32;
  GemmKernels<double> f64;
  const GemmThirds* thirds;  // nullptr where there are no tile multipliers
  const GemmHalves* halves;  // the same
};

}  // namespace kn::cpu
