// One thread's share of a float32 product in thirds.
#pragma once

#include "cpu/gemm_block.h"
#include "cpu/isa/gemm_thirds.h"

namespace kn::cpu {

// How a block is gone through, and what a thread needs for it, in floats from the start of its
// share of the workspace.
struct ThirdsLayout {
  int64_t depth = 0;         // steps of k in a pass
  bool still_a = false;      // A is packed for a pass as a whole and B group by group, or B and A
  int64_t panel_floats = 0;  // of a panel over `depth`
  int64_t group = 0;         // panels of the latter that are packed at a time
  int64_t near = 0;          // panels of the former that a group passes by at a time
  bool direct = false;       // whole blocks of C are written by tiles
  int64_t moving = 0, still = 0;
  int64_t sums = 0;   // C between passes, block by block
  int64_t done = 0;   // blocks of C before they are finished
  int64_t plain = 0;  // for blocks that are computed again
  GemmLayout plain_layout;
  int64_t total = 0;
};

// For blocks of up to rows x columns over k, in passes of `depth`, a multiple of 32.
ThirdsLayout thirds_layout_of(const GemmKernels<float>& plain, const GemmOperands<float>& strides,
                              int64_t rows, int64_t columns, int64_t k, int64_t depth);

void compute_block_in_thirds(const GemmThirds& kernels, const GemmKernels<float>& plain,
                             const ThirdsLayout& layout, const GemmBlock<float>& block);

}  // namespace kn::cpu
