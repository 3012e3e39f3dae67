// float32 products in thirds where one operand is used once or twice and then forgotten: few rows
// of A, or few steps (see gemm_stream.cc).
#pragma once

#include "cpu/gemm_block.h"
#include "cpu/isa/gemm_thirds.h"

namespace kn::cpu {

// What a thread needs, in floats from the start of its share of the workspace.
struct StreamLayout {
  int64_t steps = 0, row_blocks = 0;  // of 32
  int64_t a = 0, b = 0, done = 0;
  int64_t total = 0;
};

// Whether blocks of `rows` rows over k steps of row-major B are best computed this way.
bool worth_streaming(int64_t rows, int64_t k);

StreamLayout stream_layout_of(int64_t rows, int64_t k);

// A block without `accumulate`, B by rows. `first` columns of C come before a line of the cache
// begins, in every row; 0: one begins with the block, or rows begin anywhere. Returns true where a
// NaN or an infinity is among the sums: the block is then to be computed in another way.
bool stream_block(const GemmThirds& kernels, const StreamLayout& layout,
                  const GemmBlock<float>& block, int64_t first);

}  // namespace kn::cpu
