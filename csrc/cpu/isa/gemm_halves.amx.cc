// Products of bfloat16 tiles (see cpu/gemm_halves.cc). A tile of A is 16 rows of 16 pairs of steps,
// one of B 16 pairs of steps of 16 columns; a pair is two steps that follow each other.
#include "cpu/isa/gemm_halves.h"

#include "cpu/isa/conv_halves.inc"
#include "cpu/isa/gemm.h"
#include "cpu/isa/half_tiles.inc"
#include "cpu/isa/kernel_table.h"
#include "cpu/isa/pairs.inc"
#include "cpu/isa/pool_halves.inc"
#include "cpu/isa/tiles.inc"
#include "cpu/isa/vec_transpose.h"

namespace kn::cpu {
namespace {

// Registers: 0 to 3 hold C, 4 and 5 A, 6 and 7 B.
template <int rows, int columns>
void product(const HalvesProduct& t) {
  const char* a = static_cast<const char*>(t.a);
  const char* b = static_cast<const char*>(t.b);
  clear_sums();
  if (t.sum) load_sums<rows, columns>(t.sum, kHalvesBlock);
  for (int64_t n = t.blocks; n > 0; --n, a += kHalvesPanelBytes, b += kHalvesPanelBytes) {
    _tile_loadd(6, b, 64);
    _tile_loadd(4, a, 64);
    _tile_dpbf16ps(0, 4, 6);
    if (columns == 2) {
      _tile_loadd(7, b + kHalvesTileBytes, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (rows == 2) {
      _tile_loadd(5, a + kHalvesTileBytes, 64);
      _tile_dpbf16ps(2, 5, 6);
      if (columns == 2) _tile_dpbf16ps(3, 5, 7);
    }
  }
  store_sums<rows, columns>(t.out, kHalvesBlock);
}

// `together`: an element's steps lie side by side. Tiles of A have them along their rows, those of
// B along their columns.
template <bool together, bool turned>
void pack(int64_t count, int64_t k, const uint16_t* from, int64_t row, void* to) {
  char* panel = static_cast<char*>(to);
  for (; k > 0; k -= kHalvesBlock, panel += kHalvesPanelBytes) {
    const int steps = static_cast<int>(k < kHalvesBlock ? k : kHalvesBlock);
    for (int64_t i = 0; i < count; i += kSide) {
      const int width = at_most_side(count - i);
      VecF v[kSide];
#pragma GCC unroll 16
      for (int r = 0; r < kSide; ++r) {
        if constexpr (together) {
          v[r] = r < width ? load_pairs(from + (i + r) * row, steps) : VecF{};
        } else {
          const uint16_t* at = from + i + 2 * r * row;
          v[r] = 2 * r < steps ? join_steps(at, width, at + (2 * r + 1 < steps ? row : 0),
                                            2 * r + 1 < steps ? width : 0)
                               : VecF{};
        }
      }
      if constexpr (turned) transpose_square<float>(v);
      char* tile = panel + i / kSide * kHalvesTileBytes;
#pragma GCC unroll 16
      for (int r = 0; r < kSide; ++r) *reinterpret_cast<VecF*>(tile + r * 64) = v[r];
    }
    from += kHalvesBlock * (together ? 1 : row);
  }
}

void add_bias(float* block, int64_t rows, int64_t columns, const uint16_t* bias) {
  for (int64_t j = 0; j < columns; j += kSide) {
    const auto mask = static_cast<__mmask16>((1u << at_most_side(columns - j)) - 1);
    const VecF b = from_bf16((VecH)_mm256_maskz_loadu_epi16(mask, bias + j));
    for (int64_t i = 0; i < rows; ++i) {
      float* at = block + i * kHalvesBlock + j;
      store(at, load(at) + b);
    }
  }
}

void finish_floats(const HalvesFinish& t, float least) {
  for (int64_t i = 0; i < t.rows; ++i)
    for (int64_t j = 0; j < t.columns; j += kSide) {
      const VecF x = load(t.from + i * kHalvesBlock + j);
      store_first(static_cast<float*>(t.c) + i * t.c_row + j, x < least ? VecF{} : x,
                  at_most_side(t.columns - j));
    }
}

// The halves of `x` where those of y are above zero: as integers, up to infinity.
KN_INLINE __m512i above_zero(__m512i x, const uint16_t* y, __mmask32 mask) {
  const __m512i bits = _mm512_maskz_loadu_epi16(mask, y), zero = _mm512_setzero_si512();
  const __mmask32 above = _mm512_cmpgt_epi16_mask(bits, zero) &
                          _mm512_cmple_epi16_mask(bits, _mm512_set1_epi16(0x7F80));
  return _mm512_maskz_mov_epi16(above, x);
}

void finish(const HalvesFinish& t) {
  const float least = t.relu ? 0 : -__builtin_inff();
  if (t.floats) return finish_floats(t, least);
  const float* from = t.from;
  const auto mask = static_cast<__mmask32>(t.columns >= 32 ? ~0u : (1u << t.columns) - 1);
  uint16_t* c = static_cast<uint16_t*>(t.c);
  const uint16_t* y = t.mask;
  const int64_t c_row = t.c_row;
  for (int64_t i = t.rows; i > 0; --i, from += kHalvesBlock, c += c_row) {
    const auto half = [&](int64_t j) {
      const VecF x = load(from + j);
      return (__m256i)to_bf16(x < least ? VecF{} : x);
    };
    __m512i row = _mm512_maskz_inserti64x4(static_cast<__mmask8>(-1),
                                           _mm512_castsi256_si512(half(0)), half(kSide), 1);
    if (y) {
      row = above_zero(row, y, mask);
      y += c_row;
    }
    _mm512_mask_storeu_epi16(c, mask, row);
  }
}

constexpr GemmHalves kHalves = {
    {{product<1, 1>, product<1, 2>}, {product<2, 1>, product<2, 2>}},
    pack<true, false>,
    pack<false, false>,
    pack<false, true>,
    pack<true, true>,
    add_bias,
    finish,
    begin_tiles,
    end_tiles,
    kConvHalves,
    kPoolHalves,
};

}  // namespace

KN_FILL(gemm_halves) { table.gemm.halves = &kHalves; }

}  // namespace kn::cpu
