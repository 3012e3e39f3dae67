// Table of the inner loops of bfloat16 products (see cpu/gemm_halves.cc): only machines with tile
// multipliers have them.
#pragma once

#include <cstdint>

#include "cpu/isa/conv_halves.h"
#include "cpu/isa/pool.h"

namespace kn::cpu {

// A block of C, and the steps of k that a panel takes at a time.
inline constexpr int64_t kHalvesBlock = 32;
// Bytes of a panel (32 rows of A or columns of B) over 32 steps of k: two tiles of 16 x 64 bytes.
inline constexpr int64_t kHalvesTileBytes = 1024;
inline constexpr int64_t kHalvesPanelBytes = 2 * kHalvesTileBytes;

// A block of C over `blocks` times 32 steps.
struct HalvesProduct {
  const void *a, *b;  // packed panels
  int64_t blocks;
  const float* sum;  // (32, 32) to begin with, or nullptr for zero
  float* out;        // (32, 32)
};

using HalvesProductFn = void (*)(const HalvesProduct&);

// Packs `count` <= 32 rows of A or columns of B over k steps. They lie `row` elements apart with
// their steps side by side, or side by side with their steps `row` apart.
using HalvesPackFn = void (*)(int64_t count, int64_t k, const uint16_t* from, int64_t row,
                              void* to);

// A block of C on its way to memory, where it is rounded to bfloat16.
struct HalvesFinish {
  const float* from;  // (32, 32)
  int64_t rows, columns;
  void* c;
  int64_t c_row;
  bool relu;
  bool floats = false;             // C is of float32, not rounded
  const uint16_t* mask = nullptr;  // like C: results are zero where it is not above zero
};

struct GemmHalves {
  // [tiles of rows - 1][tiles of columns - 1].
  HalvesProductFn product[2][2];
  HalvesPackFn pack_a, pack_b, pack_a_by_columns, pack_b_by_columns;
  // Adds bias (columns,) to the rows of a block.
  void (*add_bias)(float* block, int64_t rows, int64_t columns, const uint16_t* bias);
  void (*finish)(const HalvesFinish&);
  // Before the first and after the last product on a thread.
  void (*begin)();
  void (*end)();
  // What else such machines do with bfloat16.
  ConvHalves conv;
  PoolKernels<uint16_t> pool;
};

}  // namespace kn::cpu
