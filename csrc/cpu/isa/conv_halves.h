// Table of the inner loops of bfloat16 convolution (see cpu/conv_halves.cc): only machines with
// tile multipliers have them. Products are of blocks of 32 x 32, as in isa/gemm_halves.h.
#pragma once

#include <cstdint>

namespace kn::cpu {

// A block of C over `blocks` times 32 steps. A stays where it was staged: its rows lie `a_row`
// bytes apart, and 32 steps of one begin at[i] bytes behind `a`. B is packed.
struct ConvHalvesProduct {
  const void* a;
  const int64_t* at;
  int64_t a_row;
  const void* b;
  int64_t blocks;
  const float* sum;  // (32, 32) to begin with, or nullptr for zero
  float* out;        // (32, 32)
};

// `count` pixels of `length` elements each from a line of `total` elements, the first from element
// `first` on and each `step` further; what lies outside the line is zero. Each takes `pitch`
// elements of `to`, a multiple of 32, those beyond its length zero.
struct StagedLine {
  const uint16_t* line;
  int64_t total, first, step;
  int64_t count, length, pitch;
  uint16_t* to;
};

struct ConvHalves {
  // [tiles of rows - 1][tiles of columns - 1].
  void (*product[2][2])(const ConvHalvesProduct&);
  void (*stage)(const StagedLine&);
  // Staged pixels (count, pitch) to (channels, row), a channel's pixels side by side; up to the
  // next multiple of 32 pixels zeros follow. Channels are a multiple of 16.
  void (*turn)(int64_t count, int64_t channels, const uint16_t* from, int64_t pitch, uint16_t* to,
               int64_t row);
  // sum (columns) += the rows of x (count, columns), which are `step` elements apart.
  void (*add_rows)(int64_t count, int64_t columns, const uint16_t* x, int64_t step, float* sum);
};

}  // namespace kn::cpu
