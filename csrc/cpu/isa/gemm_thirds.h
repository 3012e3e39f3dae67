// Table of the inner loops of float32 products in thirds (see cpu/gemm_thirds.cc): only machines
// with tile multipliers have them.
#pragma once

#include <cstdint>

namespace kn::cpu {

// A block of C and what a pass over k takes at a time.
inline constexpr int64_t kThirdsBlock = 32;
// Bytes of a panel (32 rows of A or columns of B) over 32 steps of k: three thirds, each two tiles
// of 16 x 64 bytes.
inline constexpr int64_t kThirdsTileBytes = 1024;
inline constexpr int64_t kThirdsPanelBytes = 6 * kThirdsTileBytes;

// A block of C over `blocks` times 32 steps.
struct ThirdsProduct {
  const void *a, *b;  // packed panels
  int64_t blocks;
  const float* sum;  // (32, 32) to begin with, or nullptr for zero
  float* out;        // (32, 32)
};

using ThirdsProductFn = void (*)(const ThirdsProduct&);

// Packs `count` <= 32 rows of A or columns of B over k steps. They lie `row` elements apart with
// their steps side by side, or side by side with their steps `row` apart.
using ThirdsPackFn = void (*)(int64_t count, int64_t k, const float* from, int64_t row, void* to);

// A block of C on its way to memory.
struct ThirdsFinish {
  const float* from;  // (32, 32)
  int64_t rows, columns;
  float* c;
  int64_t c_row;
  bool accumulate;
  const float* bias;  // (columns,), or nullptr
  bool relu;
};

// False, and nothing is written, where the block holds a NaN.
using ThirdsFinishFn = bool (*)(const ThirdsFinish&);

struct GemmThirds {
  // [tiles of rows - 1][tiles of columns - 1].
  ThirdsProductFn product[2][2];
  // A by rows and B by rows are in the right order; by columns they are turned around.
  ThirdsPackFn pack_a, pack_b, pack_a_by_columns, pack_b_by_columns;
  ThirdsFinishFn finish;
  // Before the first and after the last product on a thread.
  void (*begin)();
  void (*end)();
};

}  // namespace kn::cpu
