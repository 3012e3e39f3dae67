// float32 products on tile multipliers of bfloat16, which do sixteen times the multiplications of
// vectors. A float is the sum of three bfloat16 numbers, its thirds (8 + 8 + 8 bits):
//
//   a·b = (a0 + a1 + a2)·(b0 + b1 + b2) ~ a0·b0 + a0·b1 + a1·b0 + a0·b2 + a1·b1 + a2·b0
//
// Products of bfloat16 are exact in float32, and what is left out is below 2^-26 |a·b|, a quarter
// of what rounding a·b to float32 loses. Sums are in float32 and closer than those of a loop over
// k: the multipliers add 32 steps to each other before they add them to C.
//
// Two things differ from plain float32: thirds below 2^-126 are zero (numbers under 1e-33 have
// fewer bits), and an infinity has no thirds; it makes NaN. A block of C, 32 x 32, in which there
// is a NaN is therefore computed again by plain tiles: those give what IEEE arithmetic does. Blocks
// lie in the same places of C for any number of threads.
//
// A chunk of C is computed in passes over k. For a pass one operand, the one with fewer rows or
// columns, is split and packed as a whole and stays in the second cache; of the other one panel at
// a time is needed, and stays in the first while the panels of the former pass by; those are packed
// in groups, in the order of the memory that they come from. Between passes C waits in sums.
#include "cpu/gemm_thirds.h"

#include <algorithm>

namespace kn::cpu {

namespace {

constexpr int64_t kBlock = kThirdsBlock, kBlockFloats = kBlock * kBlock;
constexpr int64_t kPanelFloats = kThirdsPanelBytes / sizeof(float);  // over 32 steps
constexpr int64_t kCacheLine = 64;
constexpr int64_t kGroup = 8;         // panels packed at a time: rows of memory as long as possible
constexpr int64_t kPlainDepth = 256;  // steps of a pass of plain tiles

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

class ThirdsLoops {
 public:
  ThirdsLoops(const GemmThirds& kernels, const GemmKernels<float>& plain,
              const ThirdsLayout& layout, const GemmBlock<float>& block)
      : kernels_(kernels),
        plain_(plain),
        layout_(layout),
        block_(block),
        still_{layout.still_a, layout.still_a ? block.rows : block.columns},
        moving_{!layout.still_a, layout.still_a ? block.columns : block.rows} {}

  void run() {
    kernels_.begin();
    for (int64_t step = 0; step == 0 || step < block_.k; step += layout_.depth) run_pass(step);
    finish_pending();
    kernels_.end();
  }

 private:
  // One operand: rows of A or columns of B.
  struct Side {
    bool is_a;
    int64_t extent;

    int64_t panels() const { return ceil_div(extent, kBlock); }
    int64_t width(int64_t panel) const { return std::min(kBlock, extent - panel * kBlock); }
  };

  void run_pass(int64_t step) {
    pack(still_, 0, still_.panels(), step, block_.scratch + layout_.still);
    for (int64_t j = 0; j < moving_.panels(); ++j) {
      if (j % layout_.group == 0)
        pack(moving_, j, std::min(j + layout_.group, moving_.panels()), step, moving_panel(j));
      for (int64_t i = 0; i < still_.panels(); ++i) multiply(i, j, step);
    }
  }

  float* moving_panel(int64_t j) const {
    return block_.scratch + layout_.moving + j % layout_.group * layout_.panel_floats;
  }
  float* still_panel(int64_t i) const {
    return block_.scratch + layout_.still + i * layout_.panel_floats;
  }
  int64_t depth_at(int64_t step) const {
    return std::clamp<int64_t>(block_.k - step, 0, layout_.depth);
  }

  // Panels [from, until), in the order of the memory that they come from.
  void pack(const Side& side, int64_t from, int64_t until, int64_t step, float* to) const {
    const GemmOperands<float>& in = block_.in;
    const bool together = side.is_a ? in.a_step == 1 : in.b_column != 1;
    const int64_t depth = depth_at(step);
    const int64_t piece = together ? depth : kBlock;
    for (int64_t p = 0; p < depth; p += piece)
      for (int64_t i = from; i < until; ++i)
        pack_panel(side, i, step + p, std::min(piece, depth - p),
                   to + (i - from) * layout_.panel_floats + p / kBlock * kPanelFloats);
  }

  void pack_panel(const Side& side, int64_t panel, int64_t step, int64_t depth, float* to) const {
    const GemmOperands<float>& in = block_.in;
    const int64_t width = side.width(panel);
    if (side.is_a) {
      const float* from = in.a + panel * kBlock * in.a_row + step * in.a_step;
      if (in.a_step == 1) kernels_.pack_a(width, depth, from, in.a_row, to);
      else kernels_.pack_a_by_columns(width, depth, from, in.a_step, to);
    } else {
      const float* from = in.b + panel * kBlock * in.b_column + step * in.b_step;
      if (in.b_column == 1) kernels_.pack_b(width, depth, from, in.b_step, to);
      else kernels_.pack_b_by_columns(width, depth, from, in.b_column, to);
    }
  }

  void multiply(int64_t i, int64_t j, int64_t step) {
    const int64_t row = still_.is_a ? i : j, column = still_.is_a ? j : i;
    const int64_t rows = std::min(kBlock, block_.rows - row * kBlock);
    const int64_t columns = std::min(kBlock, block_.columns - column * kBlock);
    const bool last = step + layout_.depth >= block_.k;
    float* sum = block_.scratch + layout_.sums + (j * still_.panels() + i) * kBlockFloats;
    float* done = block_.scratch + layout_.block + (turn_ ^= 1) * kBlockFloats;
    product_.a = still_.is_a ? still_panel(i) : moving_panel(j);
    product_.b = still_.is_a ? moving_panel(j) : still_panel(i);
    product_.blocks = ceil_div(depth_at(step), kBlock);
    product_.sum = step > 0 ? sum : nullptr;
    product_.out = last ? done : sum;
    kernels_.product[rows > kBlock / 2][columns > kBlock / 2](product_);
    if (!last) return;
    finish_pending();
    const float* bias = block_.bias ? block_.bias + column * kBlock : nullptr;
    float* c = block_.c + row * kBlock * block_.c_row + column * kBlock;
    pending_ = {done, rows, columns, c, block_.c_row, block_.accumulate, bias, block_.relu};
    pending_row_ = row * kBlock;
    pending_column_ = column * kBlock;
  }

  // A block is finished after the next has been handed to the multipliers, which need not wait.
  void finish_pending() {
    if (!pending_.from || kernels_.finish(pending_)) return;
    GemmBlock<float> again = block_;
    again.in.a += pending_row_ * block_.in.a_row;
    again.in.b += pending_column_ * block_.in.b_column;
    again.rows = pending_.rows;
    again.columns = pending_.columns;
    again.c = pending_.c;
    again.bias = pending_.bias;
    again.scratch = block_.scratch + layout_.plain;
    compute_block(plain_, layout_.plain_layout, again);
  }

  const GemmThirds& kernels_;
  const GemmKernels<float>& plain_;
  const ThirdsLayout& layout_;
  const GemmBlock<float>& block_;
  const Side still_, moving_;
  ThirdsProduct product_{};
  int turn_ = 0;            // of the two blocks of C at the end of their way
  ThirdsFinish pending_{};  // the block before the one that is being computed
  int64_t pending_row_ = 0, pending_column_ = 0;
};

}  // namespace

ThirdsLayout thirds_layout_of(const GemmKernels<float>& plain, const GemmOperands<float>& strides,
                              int64_t rows, int64_t columns, int64_t k, int64_t depth) {
  ThirdsLayout l;
  l.depth = depth;
  l.still_a = rows <= columns;
  l.panel_floats = ceil_div(std::min(k, depth), kBlock) * kPanelFloats;
  const int64_t row_panels = ceil_div(rows, kBlock), column_panels = ceil_div(columns, kBlock);
  const int64_t moving_panels = l.still_a ? column_panels : row_panels;
  l.group = std::min(kGroup, moving_panels);
  l.still = l.moving + l.group * l.panel_floats;
  l.sums = l.still + (l.still_a ? row_panels : column_panels) * l.panel_floats;
  l.block = l.sums + (k > depth ? row_panels * column_panels * kBlockFloats : 0);
  l.plain = l.block + 2 * kBlockFloats;
  l.plain_layout =
      layout_of(plain, strides, kBlock, kBlock, k, std::min(std::max<int64_t>(k, 1), kPlainDepth));
  l.total = l.plain + round_up(l.plain_layout.total, kCacheLine);
  return l;
}

void compute_block_in_thirds(const GemmThirds& kernels, const GemmKernels<float>& plain,
                             const ThirdsLayout& layout, const GemmBlock<float>& block) {
  if (block.rows > 0 && block.columns > 0) ThirdsLoops(kernels, plain, layout, block).run();
}

}  // namespace kn::cpu
