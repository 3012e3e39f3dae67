// Products of bfloat16 tiles that add up to float32 products (see cpu/gemm_thirds.cc).
#include "cpu/isa/gemm_thirds.h"

#include "cpu/isa/gemm_thirds_step.inc"
#include "cpu/isa/kernel_table.h"
#include "cpu/isa/thirds.inc"

namespace kn::cpu {
namespace {

// Calls what belongs between the products of a pass after every four of them, or fewer at edges.
template <int tiles>
struct CallBetween {
  ThirdsBetween* between;

  KN_INLINE void operator()(int n) {
    if (n % tiles == tiles - 1) between->work(*between);
  }
};

template <int rows, int columns>
void product(const ThirdsProduct& t) {
  const char* a = static_cast<const char*>(t.a);
  const char* b = static_cast<const char*>(t.b);
  clear_sums();
  if (t.sum) load_sums<rows, columns>(t.sum, kThirdsBlock);
  for (int64_t n = t.blocks; n > 0; --n, a += kThirdsPanelBytes, b += kThirdsPanelBytes)
    multiply_thirds<rows, columns>(a, b, CallBetween<rows * columns>{t.between});
  store_sums<rows, columns>(t.out, t.out_row);
}

// `together`: an element's steps lie side by side. Tiles of A have them along their rows, those of
// B along their columns. Steps [0, 16) and [16, 32):
template <bool together>
KN_INLINE Square first_half(const ThirdsTile& t) {
  const int width = static_cast<int>(t.count), steps = at_most_side(t.steps);
  if constexpr (together) return {t.from, t.row, width, steps};
  return {t.from, t.row, steps, width};
}
template <bool together>
KN_INLINE Square second_half(const ThirdsTile& t) {
  const int width = static_cast<int>(t.count), steps = at_most_side(t.steps - kSide);
  if constexpr (together) return {t.from + kSide, t.row, width, steps};
  return {t.from + kSide * t.row, t.row, steps, width};
}

template <bool together, bool turned>
void pack(const ThirdsTile& t) {
  const Square x = first_half<together>(t), y = second_half<together>(t);
  if (t.whole) pack_tile<turned, true>(x, y, t.to, kThirdBytes);
  else pack_tile<turned>(x, y, t.to, kThirdBytes);
}

constexpr int kPortionRows = 4;  // of a tile

template <bool whole>
KN_INLINE void pack_rows(const Square& x, const Square& y, int from, char* to) {
#pragma GCC unroll 4
  for (int r = from; r < from + kPortionRows; ++r)
    store_pairs(x.load_row<whole>(r), y.load_row<whole>(r), to + r * 64, kThirdBytes);
}

// Nothing here may wait for memory that was just written: stores reach it after all multiplications
// before them.
template <bool together>
bool pack_portion(ThirdsTile& t) {
  const int row = kPortionRows * t.done++;
  if (t.whole) {
    const float* second = t.from + (together ? kSide : kSide * t.row);
    pack_rows<true>({t.from, t.row, kSide, kSide}, {second, t.row, kSide, kSide}, row, t.to);
  } else {
    pack_rows<false>(first_half<together>(t), second_half<together>(t), row, t.to);
  }
  return row + kPortionRows == kSide;
}

// Long rows are fetched so many floats ahead, of each row a line at a time.
constexpr int64_t kAhead = 128, kLongRow = 512;

template <bool together, bool whole>
KN_INLINE void turn(const Square& x, float* to) {
  VecF v[kSide];
  const int64_t ahead = x.row >= kLongRow ? kAhead : 0;
#pragma GCC unroll 16
  for (int r = 0; r < kSide; ++r) {
    v[r] = x.load_row<whole>(r);
    if constexpr (together) __builtin_prefetch(x.at + r * x.row + ahead, 0, 2);
  }
  transpose_square<float>(v);
#pragma GCC unroll 16
  for (int r = 0; r < kSide; ++r) store(to + r * kSide, v[r]);
}

// Two portions turn a half each.
template <bool together>
bool pack_turned_portion(ThirdsTile& t) {
  const int done = t.done++;
  if (done < 2) {
    if (t.whole) {
      const int64_t half = together ? kSide : kSide * t.row;
      turn<together, true>({t.from + done * half, t.row, kSide, kSide}, t.turned[done]);
    } else {
      turn<together, false>(done == 0 ? first_half<together>(t) : second_half<together>(t),
                            t.turned[done]);
    }
    return false;
  }
  const int row = kPortionRows * (done - 2);
  pack_rows<true>({t.turned[0], kSide, kSide, kSide}, {t.turned[1], kSide, kSide, kSide}, row,
                  t.to);
  return row + kPortionRows == kSide;
}

// Takes note of a NaN, or of an infinity: 0 * x is zero for all others.
KN_INLINE void note(VecF x, VecF& strange) {
  strange = (VecF)_mm512_fmadd_ps((__m512)x, _mm512_setzero_ps(), (__m512)strange);
}

KN_INLINE bool any_strange(VecF strange) {
  return _mm512_cmp_ps_mask((__m512)strange, (__m512)strange, _CMP_UNORD_Q) != 0;
}

KN_INLINE __mmask16 lanes_below(int n) { return static_cast<__mmask16>((1u << n) - 1); }

bool is_strange(const ThirdsFinish& t) {
  VecF strange{};
  for (int64_t i = 0; i < t.rows; ++i)
    for (int64_t j = 0; j < t.columns; j += kSide)
      note(load_first(t.from + i * kThirdsBlock + j, at_most_side(t.columns - j)), strange);
  return any_strange(strange);
}

// Rows of 32 as they are.
KN_INLINE bool copy_rows(const ThirdsFinish& t, int64_t from, int64_t until) {
  const float* source = t.from + from * kThirdsBlock;
  const int64_t c_row = t.c_row;
  float* c = t.c + from * c_row;
  VecF strange[2] = {};
#pragma GCC unroll 2
  for (int64_t i = from; i < until; ++i, source += kThirdsBlock, c += c_row) {
    const VecF x = load(source), y = load(source + kSide);
    store(c, x);
    store(c + kSide, y);
    note(x, strange[0]);
    note(y, strange[1]);
  }
  return any_strange(strange[0] + strange[1]);
}

// Row i of where the next but one will go.
KN_INLINE void fetch_next(const ThirdsFinish& t, int64_t i) {
  __builtin_prefetch(t.next + i * t.c_row, 1, 3);
  __builtin_prefetch(t.next + i * t.c_row + kSide, 1, 3);
}

// Rows of which the last columns begin the rows of a C without gaps: the end of each row of C and
// the beginning of the next are one line of the cache.
bool copy_wrapped(const ThirdsFinish& t, int64_t from, int64_t until) {
  const __mmask16 ends = lanes_below(static_cast<int>(kSide - t.wrapped));
  const auto begins = static_cast<__mmask16>(~ends);
  VecF strange[2] = {};
  for (int64_t i = from; i < until; ++i) {
    const float* source = t.from + i * kThirdsBlock;
    float* c = t.c + i * t.c_row;
    const VecF x = load(source), y = load(source + kSide);
    note(x, strange[0]);
    note(y, strange[1]);
    store(c, x);
    if (i == 0) _mm512_mask_storeu_ps(c - t.c_row + kSide, begins, (__m512)y);
    if (i + 1 == t.rows) {
      _mm512_mask_storeu_ps(c + kSide, ends, (__m512)y);
    } else {
      const float* next = source + kThirdsBlock + kSide;
      store(c + kSide, (VecF)_mm512_mask_loadu_ps((__m512)y, begins, next));
    }
    if (t.next) fetch_next(t, i);
  }
  return any_strange(strange[0] + strange[1]);
}

// The same where tiles have written to C. `fetches`: where the next but one will go.
template <bool fetches>
KN_INLINE bool check_rows(const ThirdsFinish& t, int64_t from, int64_t until) {
  const int64_t c_row = t.c_row;
  const float* c = t.c + from * c_row;
  VecF strange[2] = {};
#pragma GCC unroll 2
  for (int64_t i = from; i < until; ++i, c += c_row) {
    note(load(c), strange[0]);
    note(load(c + kSide), strange[1]);
    if constexpr (fetches) fetch_next(t, i);
  }
  return any_strange(strange[0] + strange[1]);
}

// Rows of any width through the epilogue.
template <bool accumulate, bool bias, bool relu>
bool finish_rows(const ThirdsFinish& t, int64_t from, int64_t until) {
  const __mmask16 lanes[2] = {lanes_below(at_most_side(t.columns)),
                              lanes_below(at_most_side(t.columns - kSide))};
  VecF strange{}, b[2] = {};
#pragma GCC unroll 2
  for (int j = 0; j < 2; ++j)
    if constexpr (bias) b[j] = (VecF)_mm512_maskz_loadu_ps(lanes[j], t.bias + j * kSide);
  for (int64_t i = from; i < until; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      float* c = t.c + i * t.c_row + j * kSide;
      VecF x = (VecF)_mm512_maskz_loadu_ps(lanes[j], t.from + i * kThirdsBlock + j * kSide);
      note(x, strange);
      if constexpr (accumulate) x += (VecF)_mm512_maskz_loadu_ps(lanes[j], c);
      if constexpr (bias) x += b[j];
      if constexpr (relu) x = x < 0 ? VecF{} : x;
      _mm512_mask_storeu_ps(c, lanes[j], (__m512)x);
    }
  return any_strange(strange);
}

bool finish(const ThirdsFinish& t, int64_t from, int64_t until) {
  static constexpr ThirdsFinishFn of[] = {
      finish_rows<false, false, false>, finish_rows<false, false, true>,
      finish_rows<false, true, false>,  finish_rows<false, true, true>,
      finish_rows<true, false, false>,  finish_rows<true, false, true>,
      finish_rows<true, true, false>,   finish_rows<true, true, true>,
  };
  const int form = 4 * t.accumulate + 2 * (t.bias != nullptr) + t.relu;
  if (t.wrapped > 0) return copy_wrapped(t, from, until);
  if (form > 0 || t.columns < kThirdsBlock) return of[form](t, from, until);
  if (t.from) return copy_rows(t, from, until);
  return t.next ? check_rows<true>(t, from, until) : check_rows<false>(t, from, until);
}

constexpr GemmThirds kThirds = {
    {{product<1, 1>, product<1, 2>}, {product<2, 1>, product<2, 2>}},
    {pack<true, false>, pack_portion<true>, 4},
    {pack<false, false>, pack_portion<false>, 4},
    {pack<false, true>, pack_turned_portion<false>, 6},
    {pack<true, true>, pack_turned_portion<true>, 6},
    finish,
    is_strange,
    {{{step<1, 0>, step<1, 16>, step<1, 32>}, {step<1, 0>, step<1, 16, false>, step<1, 32, false>}},
     {{step<2, 0>, step<2, 16>, step<2, 32>},
      {step<2, 0>, step<2, 16, false>, step<2, 32, false>}}},
    begin_tiles,
    end_tiles,
};

}  // namespace

KN_FILL(gemm_thirds) { table.gemm.thirds = &kThirds; }

}  // namespace kn::cpu
