// Steps of recurrent layers on tile multipliers of bfloat16, in thirds (cpu/gemm_thirds.cc says
// what those are). What a step sees is split and packed, and multiplied with the panels of a
// matrix, up to 32 rows and 4 tiles of columns at a time. While the multipliers work on a block,
// what follows the block before (gates, states) is computed, some rows after each 32 steps of k.
//
// An element is summed in the same order whatever block it is in. Infinities have no thirds: rows
// of blocks with a NaN that did not come from the left side are computed again.
#include "cpu/isa/gemm_thirds.h"
#include "cpu/isa/kernel_table.h"
#include "cpu/isa/recurrent_steps.inc"
#include "cpu/isa/thirds.inc"

namespace kn::cpu {
namespace {

constexpr int kColumns = 4;                    // tiles of a panel, at most
constexpr int64_t kOutRow = kColumns * kSide;  // floats of a row of a block's result
constexpr int64_t kAThird = 2 * kThirdsTileBytes;

// Tiles have no types: the compiler sees neither what they read nor what they are written to.
KN_INLINE void memory_barrier() { asm volatile("" ::: "memory"); }

// These add products of 32 steps with one third of B to registers 0 to 3; an element's six come in
// the order of the thirds, 0 to 2, whatever block it is in. Multipliers are at their best where
// they never rest for long: what else there is to do is done in small pieces between these.
//
// For 16 rows: sums of up to 4 columns. Registers 4 to 6 hold the thirds of A, 7 a tile of B.
#define KN_COLUMN(column)                              \
  if (columns > column) {                              \
    _tile_loadd(7, b + column * kThirdsTileBytes, 64); \
    if (third < 1) _tile_dpbf16ps(column, 6, 7);       \
    if (third < 2) _tile_dpbf16ps(column, 5, 7);       \
    _tile_dpbf16ps(column, 4, 7);                      \
  }
template <int columns, int third>
__attribute__((noinline)) void one_row(const char* a, const char* b) {
  memory_barrier();
  if (third == 0) {
    _tile_loadd(4, a, 64);
    _tile_loadd(5, a + kAThird, 64);
    _tile_loadd(6, a + 2 * kAThird, 64);
  }
  KN_COLUMN(0)
  KN_COLUMN(1)
  KN_COLUMN(2)
  KN_COLUMN(3)
}
#undef KN_COLUMN

// For 32 rows: sums 0 and 1 are the upper rows' of two columns, 2 and 3 the lower rows'. Registers
// 4 and 5 hold a third of A, 6 and 7 one of B.
#define KN_WITH_A(third)                                      \
  _tile_loadd(4, a + third * kAThird, 64);                    \
  _tile_loadd(5, a + third * kAThird + kThirdsTileBytes, 64); \
  _tile_dpbf16ps(0, 4, 6);                                    \
  _tile_dpbf16ps(2, 5, 6);                                    \
  if (columns > 1) _tile_dpbf16ps(1, 4, 7);                   \
  if (columns > 1) _tile_dpbf16ps(3, 5, 7);
template <int columns, int third>
__attribute__((noinline)) void two_rows(const char* a, const char* b) {
  memory_barrier();
  _tile_loadd(6, b, 64);
  if (columns > 1) _tile_loadd(7, b + kThirdsTileBytes, 64);
  if (third < 1) {
    KN_WITH_A(2)
  }
  if (third < 2) {
    KN_WITH_A(1)
  }
  KN_WITH_A(0)
}
#undef KN_WITH_A

using Multiply = void (*)(const char* a, const char* b);
constexpr Multiply kOneRow[kColumns][3] = {
    {one_row<1, 0>, one_row<1, 1>, one_row<1, 2>},
    {one_row<2, 0>, one_row<2, 1>, one_row<2, 2>},
    {one_row<3, 0>, one_row<3, 1>, one_row<3, 2>},
    {one_row<4, 0>, one_row<4, 1>, one_row<4, 2>},
};
constexpr Multiply kTwoRows[2][3] = {
    {two_rows<1, 0>, two_rows<1, 1>, two_rows<1, 2>},
    {two_rows<2, 0>, two_rows<2, 1>, two_rows<2, 2>},
};

// Sums of 16 rows, or of 32 and two columns from `column` on.
void store_sums(bool two, int columns, int column, float* out) {
  constexpr int64_t row = kOutRow * sizeof(float);
  out += column * kSide;
  _tile_stored(0, out, row);
  if (columns > 1) _tile_stored(1, out + kSide, row);
  if (two) {
    _tile_stored(2, out + kSide * kOutRow, row);
    if (columns > 1) _tile_stored(3, out + kSide * kOutRow + kSide, row);
  } else {
    if (columns > 2) _tile_stored(2, out + 2 * kSide, row);
    if (columns > 3) _tile_stored(3, out + 3 * kSide, row);
  }
  memory_barrier();
}

// Whether there is a NaN.
KN_INLINE bool is_strange(const float* row, int columns) {
  unsigned strange = 0;
  for (int c = 0; c < columns; ++c) {
    const __m512 x = (__m512)load(row + c * kSide);
    strange |= _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  }
  return strange;
}

// A row (k) that has no NaN times the columns of a panel, summed step by step.
__attribute__((noinline)) void row_again(int64_t k, const float* a,
                                         const RecurrentMatrix<float>& matrix, int64_t units,
                                         int64_t unit, int columns, bool gates, float* out) {
  for (int64_t p = 0; p < k; ++p)
    if (a[p] != a[p]) return;
  for (int column = 0; column < columns; ++column)
    for (int j = 0; j < kSide; ++j) {
      const int64_t u = unit + j + (gates ? 0 : column * kSide);
      if (u >= units) break;
      const float* b = matrix.plain + (gates ? column * units : 0) + u * matrix.unit;
      float sum = 0;
      for (int64_t p = 0; p < k; ++p) sum += a[p] * b[p * matrix.step];
      out[column * kSide + j] = sum;
    }
}

// A block's result on its way through what follows.
struct Block {
  float* out;  // (rows, kOutRow)
  int64_t row, rows;
  int64_t unit;
  int columns;
  int64_t done;  // rows
};

struct ThirdTiles {
  // As VectorTiles::product; columns that are neighbours are taken by 4 tiles.
  template <class T, int width, int gates, int R, class Each>
  static KN_INLINE void product(const RecurrentStep<T>& s, const RecurrentMatrix<T>& matrix,
                                const Operand<T>& a, const Each& each) {
    alignas(64) float out[2][kRecurrentRows * kOutRow];
    const int64_t blocks = (a.k + kThirdsBlock - 1) / kThirdsBlock;
    Block last{};
    // What follows the last block, for its rows until about `until`.
    const auto follow = [&](int64_t until) {
      if (until < last.rows) until -= until % R;
      const int64_t row = last.row + last.done, rows = until - last.done;
      if (rows <= 0) return;
      float* at = last.out + last.done * kOutRow;
      for (int64_t i = 0; i < rows; ++i)
        if (is_strange(at + i * kOutRow, last.columns))
          row_again(a.k, a.at + (row + i) * a.row, matrix, s.units, last.unit, last.columns,
                    gates > 1, at + i * kOutRow);
      for (int g = 0; g < last.columns / gates; ++g)
        each_rows<T, R>(s, row, rows, last.unit + g * kSide, {at + g * gates * kSide, kOutRow},
                        each);
      last.done = until;
    };
    int turn = 0;
    for (int64_t row = 0; row < s.rows; row += kRecurrentRows) {
      const int64_t rows = s.rows - row < kRecurrentRows ? s.rows - row : kRecurrentRows;
      const bool two = rows > kSide;
      const int at_once = two ? 2 : kColumns;
      const char* packed = pack_rows(rows, a.k, a.at + row * a.row, a.row, s.scratch);
      const char* panel = reinterpret_cast<const char*>(matrix.panels);
      for (int64_t unit = 0; unit < s.units; unit += gates > 1 ? kSide : kColumns * kSide) {
        const int64_t left = (s.units - unit + kSide - 1) / kSide;
        const int columns = gates > 1 ? gates : static_cast<int>(left < kColumns ? left : kColumns);
        const Block next{out[turn ^= 1], row, rows, unit, columns, 0};
        const int64_t third = columns * kThirdsTileBytes;
        // Products of a third with 3, 2 or 1 of the other: the last block's rows are spread over.
        const int64_t products = (columns + at_once - 1) / at_once * blocks * 6;
        int64_t done = 0;
        for (int column = 0; column < columns; column += at_once) {
          const int n = columns - column < at_once ? columns - column : at_once;
          const Multiply* multiply = (two ? kTwoRows : kOneRow)[n - 1];
          const char* b = panel + column * kThirdsTileBytes;
          clear_sums();
          for (int64_t block = 0; block < blocks; ++block)
            for (int i = 0; i < 3; ++i, b += third) {
              multiply[i](packed + block * kThirdsPanelBytes, b);
              done += 3 - i;
              follow(last.rows * done / products);
            }
          store_sums(two, n, column, next.out);
        }
        follow(last.rows);
        last = next;
        panel += 3 * third * blocks;
      }
    }
    follow(last.rows);
  }

  // As panels of (ceil(k / 32), 3 thirds, 2 tiles) tiles; returns `to`.
  static const char* pack_rows(int64_t rows, int64_t k, const float* from, int64_t row, void* to) {
    char* panel = static_cast<char*>(to);
    for (int64_t p = 0; p < k; p += kThirdsBlock, panel += kThirdsPanelBytes) {
      const int first = at_most_side(k - p), second = at_most_side(k - p - kSide);
      for (int64_t i = 0; i < rows; i += kSide) {
        const float* at = from + i * row + p;
        const int n = at_most_side(rows - i);
        pack_tile<false>({at, row, n, first}, {at + kSide, row, n, second},
                         panel + i / kSide * kThirdsTileBytes, kAThird);
      }
    }
    return static_cast<const char*>(to);
  }
};

template <bool turned>
void pack(int64_t count, int64_t k, const float* from, int64_t row, void* to, int64_t block,
          int64_t third) {
  char* tile = static_cast<char*>(to);
  const int n = static_cast<int>(count);
  for (; k > 0; k -= kThirdsBlock, tile += block, from += kThirdsBlock * (turned ? 1 : row)) {
    const int first = at_most_side(k), second = at_most_side(k - kSide);
    if constexpr (turned)
      pack_tile<true>({from, row, n, first}, {from + kSide, row, n, second}, tile, third);
    else pack_tile<false>({from, row, first, n}, {from + kSide * row, row, second, n}, tile, third);
  }
}

constexpr RecurrentThirds kThirds = {
    steps_by<ThirdTiles, float>(), pack<false>, pack<true>, begin_tiles, end_tiles,
};

}  // namespace

KN_FILL(recurrent_thirds) { table.recurrent.thirds = &kThirds; }

}  // namespace kn::cpu
