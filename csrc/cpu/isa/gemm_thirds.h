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

// Work for the vector units, which idle while tiles are multiplied. Multiplications look ahead by
// no more than four or five of their kind, so it has to come in portions of some hundred
// instructions: called after every four tiles' products, kThirdsPlaces times per 32 steps of a
// block of C.
struct ThirdsBetween {
  void (*work)(ThirdsBetween&) = nullptr;
};

inline constexpr int64_t kThirdsPlaces = 6;

// A block of C over `blocks` times 32 steps.
struct ThirdsProduct {
  const void *a, *b;  // packed panels
  int64_t blocks;
  const float* sum;  // (32, 32) to begin with, or nullptr for zero
  float* out;        // (32, 32), rows `out_row` apart
  int64_t out_row;
  ThirdsBetween* between;
};

using ThirdsProductFn = void (*)(const ThirdsProduct&);

// Up to 16 rows of A or columns of B over up to 32 steps, to become a tile of each third. They lie
// `row` elements apart with their steps side by side, or side by side with their steps `row` apart.
struct ThirdsTile {
  const float* from = nullptr;
  int64_t row = 0, count = 0, steps = 0;
  bool whole = false;  // 16 over 32 steps
  char* to = nullptr;
  int done = 0;                          // portions
  alignas(64) float turned[2][16 * 16];  // by portions that turn the tile around
};

// The whole tile, or its next portion; true after the last.
using ThirdsPackFn = void (*)(const ThirdsTile&);
using ThirdsPortionFn = bool (*)(ThirdsTile&);

struct ThirdsPack {
  ThirdsPackFn whole;
  ThirdsPortionFn portion;
  int portions;
};

// A block of C on its way to memory.
struct ThirdsFinish {
  const float* from;  // (32, 32), or nullptr: it is there already
  int64_t rows, columns;
  float* c;
  int64_t c_row;
  bool accumulate;
  const float* bias;  // (columns,), or nullptr
  bool relu;
  const float* next;  // where the next but one will go, or nullptr
  int64_t wrapped;    // columns after these, up to 32 in all, that begin C's rows; less than 16
};

// Writes rows [from, until) to C; true where a NaN or an infinity is among the sums.
using ThirdsFinishFn = bool (*)(const ThirdsFinish&, int64_t from, int64_t until);

// 32 steps of a block of C, 32 rows high, and what the vector units do meanwhile.
struct ThirdsStep {
  const void *a, *b;     // images: 32 rows of A, up to 32 columns of B over 32 steps
  bool first = false;    // of the block's steps
  float* out = nullptr;  // (32, 32), of the sums after the block's last step, rows `out_row` apart
  int64_t out_row = 0;

  // The next image of B: some of the pairs of steps r and r + 16.
  const float* from = nullptr;  // step first_row of up to 32 columns; steps lie `row` apart
  int64_t row = 0;
  char* to = nullptr;  // row first_row of the image
  int first_row = 0;
  int64_t columns = 0, steps = 0;  // that there are, where the image is partial

  // Rows of the last block, `at_once` after every sixth of the products.
  ThirdsFinishFn finish = nullptr;
  const ThirdsFinish* done = nullptr;
  int64_t finish_from = 0, finish_until = 0, at_once = 0;
  bool strange = false;  // there was a NaN or an infinity
};

using ThirdsStepFn = void (*)(ThirdsStep&);

struct GemmThirds {
  // [tiles of rows - 1][tiles of columns - 1].
  ThirdsProductFn product[2][2];
  // A by rows and B by rows are in the right order; by columns they are turned around.
  ThirdsPack pack_a, pack_b, pack_a_by_columns, pack_b_by_columns;
  ThirdsFinishFn finish;
  bool (*is_strange)(const ThirdsFinish&);  // the same of all rows; nothing is written
  // [tiles of columns - 1][next image is partial][16 pairs of it to be split: none, 1, 2].
  ThirdsStepFn step[2][2][3];
  // Before the first and after the last product on a thread.
  void (*begin)();
  void (*end)();
};

}  // namespace kn::cpu
