// Products of bfloat16 tiles that add up to float32 products (see cpu/gemm_thirds.cc). A tile of A
// is 16 rows of 16 pairs of steps, one of B 16 pairs of steps of 16 columns; a pair is steps p and
// p + 16 of a block of 32.
#include "cpu/isa/gemm_thirds.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"
#include "cpu/isa/vec_transpose.h"

namespace kn::cpu {
namespace {

constexpr int kSide = 16;  // of a tile
constexpr int64_t kThirdBytes = 2 * kThirdsTileBytes;
constexpr int64_t kRowBytes = kThirdsBlock * 4;  // of a block of C

// Eight tiles of 16 rows of 64 bytes, in the layout that ldtilecfg reads.
struct TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Not a local variable: compilers see no more than eight bytes of it being read.
alignas(64) const TileConfig kConfig;

void begin() { _tile_loadconfig(&kConfig); }

void end() { _tile_release(); }

// Registers: 0 to 3 hold C, 4 and 5 a third of A, 6 and 7 one of B. The macros bring in a third of
// one operand and multiply it with what is there of the other.
#define KN_WITH_A(third)                                            \
  _tile_loadd(4, a + third * kThirdBytes, 64);                      \
  _tile_dpbf16ps(0, 4, 6);                                          \
  if (columns == 2) _tile_dpbf16ps(1, 4, 7);                        \
  if (rows == 2) {                                                  \
    _tile_loadd(5, a + third * kThirdBytes + kThirdsTileBytes, 64); \
    _tile_dpbf16ps(2, 5, 6);                                        \
    if (columns == 2) _tile_dpbf16ps(3, 5, 7);                      \
  }
#define KN_WITH_B(third)                                            \
  _tile_loadd(6, b + third * kThirdBytes, 64);                      \
  _tile_dpbf16ps(0, 4, 6);                                          \
  if (rows == 2) _tile_dpbf16ps(2, 5, 6);                           \
  if (columns == 2) {                                               \
    _tile_loadd(7, b + third * kThirdBytes + kThirdsTileBytes, 64); \
    _tile_dpbf16ps(1, 4, 7);                                        \
    if (rows == 2) _tile_dpbf16ps(3, 5, 7);                         \
  }

// The six products of thirds that matter, in an order that changes one operand at a time.
template <int rows, int columns>
void product(const ThirdsProduct& t) {
  const char* a = static_cast<const char*>(t.a);
  const char* b = static_cast<const char*>(t.b);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  if (t.sum) {
    _tile_loadd(0, t.sum, kRowBytes);
    if (columns == 2) _tile_loadd(1, t.sum + kSide, kRowBytes);
    if (rows == 2) _tile_loadd(2, t.sum + kSide * kThirdsBlock, kRowBytes);
    if (rows == 2 && columns == 2) _tile_loadd(3, t.sum + kSide * kThirdsBlock + kSide, kRowBytes);
  }
  for (int64_t n = t.blocks; n > 0; --n, a += kThirdsPanelBytes, b += kThirdsPanelBytes) {
    _tile_loadd(6, b, 64);
    if (columns == 2) _tile_loadd(7, b + kThirdsTileBytes, 64);
    KN_WITH_A(2)
    KN_WITH_A(0)
    KN_WITH_B(2)
    KN_WITH_B(1)
    KN_WITH_A(1)
    KN_WITH_B(0)
  }
  _tile_stored(0, t.out, kRowBytes);
  if (columns == 2) _tile_stored(1, t.out + kSide, kRowBytes);
  if (rows == 2) _tile_stored(2, t.out + kSide * kThirdsBlock, kRowBytes);
  if (rows == 2 && columns == 2) _tile_stored(3, t.out + kSide * kThirdsBlock + kSide, kRowBytes);
}

// x as the sum of three numbers of eight bits, each the upper half of a float. Exact, but for
// numbers so small that the last would be subnormal; infinities leave a NaN among the three.
KN_INLINE void split(VecF x, VecU (&third)[3]) {
  constexpr uint32_t half = 0x8000, upper = 0xffff0000;
  third[0] = ((VecU)x + half) & upper;
  const VecF rest = x - (VecF)third[0];
  third[1] = ((VecU)rest + half) & upper;
  third[2] = (VecU)(rest - (VecF)third[1]);
}

// A row of each third: pairs of x and y.
KN_INLINE void store_pairs(VecF x, VecF y, char* to) {
  VecU first[3], second[3];
  split(x, first);
  split(y, second);
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const VecU pair = (first[i] >> 16) | (second[i] & 0xffff0000);
    *reinterpret_cast<VecU*>(to + i * kThirdBytes) = pair;
  }
}

// A rectangle of up to 16 x 16 floats in memory; what is missing is zero.
struct Square {
  const float* at;
  int64_t row;
  int rows, columns;
  int64_t ahead;  // from a row to what will be read some time later

  KN_INLINE VecF load_row(int r) const { return load_first(at + r * row, r < rows ? columns : 0); }
};

KN_INLINE int at_most_side(int64_t n) {
  return static_cast<int>(n < 0 ? 0 : n > kSide ? kSide : n);
}

// Two squares of steps [0, 16) and [16, 32) to a tile of each third.
template <bool turned>
KN_INLINE void pack_tile(const Square& x, const Square& y, char* to) {
  if constexpr (!turned) {
#pragma GCC unroll 2
    for (int r = 0; r < kSide; ++r) store_pairs(x.load_row(r), y.load_row(r), to + r * 64);
    return;
  }
  VecF u[kSide], v[kSide];
#pragma GCC unroll 16
  for (int r = 0; r < kSide; ++r) u[r] = x.load_row(r);
  transpose_square<float>(u);
#pragma GCC unroll 16
  for (int r = 0; r < kSide; ++r) v[r] = y.load_row(r);
  transpose_square<float>(v);
#pragma GCC unroll 16
  for (int r = 0; r < kSide; ++r) store_pairs(u[r], v[r], to + r * 64);
}

// `together`: an element's steps lie side by side. Tiles of A have them along their rows, those of
// B along their columns.
template <bool together, bool turned>
void pack(int64_t count, int64_t k, const float* from, int64_t row, void* to) {
  char* panel = static_cast<char*>(to);
  for (; k > 0; k -= kThirdsBlock, panel += kThirdsPanelBytes) {
    const int first = at_most_side(k), second = at_most_side(k - kSide);
    for (int64_t i = 0; i < count; i += kSide) {
      const int width = at_most_side(count - i);
      char* tile = panel + i / kSide * kThirdsTileBytes;
      if constexpr (together) {
        const float* at = from + i * row;
        pack_tile<turned>({at, row, width, first, kSide * row},
                          {at + kSide, row, width, second, kSide * row}, tile);
      } else {
        const float* at = from + i;
        pack_tile<turned>({at, row, first, width, kThirdsBlock * row},
                          {at + kSide * row, row, second, width, kThirdsBlock * row}, tile);
      }
    }
    from += kThirdsBlock * (together ? 1 : row);
  }
}

bool finish(const ThirdsFinish& t) {
  const int last = static_cast<int>(t.columns > kSide ? t.columns - kSide : t.columns);
  const int vectors = t.columns > kSide ? 2 : 1;
  VecI strange{};
  for (int64_t i = 0; i < t.rows; ++i)
    for (int j = 0; j < vectors; ++j) {
      const VecF x = load(t.from + i * kThirdsBlock + j * kSide);
      strange |= x != x;
    }
  int any = 0;
  for (int i = 0; i < kSide; ++i) any |= strange[i];
  if (any) return false;
  for (int64_t i = 0; i < t.rows; ++i)
    for (int j = 0; j < vectors; ++j) {
      const int lanes = j == vectors - 1 ? last : kSide;
      float* c = t.c + i * t.c_row + j * kSide;
      VecF x = load(t.from + i * kThirdsBlock + j * kSide);
      if (t.accumulate) x += load_first(c, lanes);
      if (t.bias) x += load_first(t.bias + j * kSide, lanes);
      if (t.relu) x = x < 0 ? VecF{} : x;
      store_first(c, x, lanes);
    }
  return true;
}

constexpr GemmThirds kThirds = {
    {{product<1, 1>, product<1, 2>}, {product<2, 1>, product<2, 2>}},
    pack<true, false>,
    pack<false, false>,
    pack<false, true>,
    pack<true, true>,
    finish,
    begin,
    end,
};

}  // namespace

KN_FILL(gemm_thirds) { table.gemm.thirds = &kThirds; }

}  // namespace kn::cpu
