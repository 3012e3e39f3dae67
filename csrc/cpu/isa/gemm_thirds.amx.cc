// Products of bfloat16 tiles that add up to float32 products (see cpu/gemm_thirds.cc).
#include "cpu/isa/gemm_thirds.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/thirds.inc"

namespace kn::cpu {
namespace {

constexpr int64_t kThirdBytes = 2 * kThirdsTileBytes;
constexpr int64_t kRowBytes = kThirdsBlock * 4;  // of a block of C

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
                          {at + kSide, row, width, second, kSide * row}, tile, kThirdBytes);
      } else {
        const float* at = from + i;
        pack_tile<turned>({at, row, first, width, kThirdsBlock * row},
                          {at + kSide * row, row, second, width, kThirdsBlock * row}, tile,
                          kThirdBytes);
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
    begin_tiles,
    end_tiles,
};

}  // namespace

KN_FILL(gemm_thirds) { table.gemm.thirds = &kThirds; }

}  // namespace kn::cpu
