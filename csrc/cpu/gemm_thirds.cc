// float32 products on tile multipliers of bfloat16, which do sixteen times the multiplications of
// vectors. A float is the sum of three bfloat16 numbers, its thirds (8 + 8 + 8 bits):
//
//   a·b = (a0 + a1 + a2)·(b0 + b1 + b2) ~ a0·b0 + a0·b1 + a1·b0 + a0·b2 + a1·b1 + a2·b0
//
// Products of bfloat16 are exact in float32, and what is left out is 2^-26 |a·b| on average, 2^-23
// at most; rounding a·b to float32 loses 2^-25. Sums are in float32 and closer than those of a loop
// over k: the multipliers add 32 steps to each other before they add them to C.
//
// Two things differ from plain float32: thirds below 2^-126 are zero (numbers under 1e-33 have
// fewer bits), and an infinity has no thirds; it makes NaN. A block of C, 32 x 32, in which there
// is a NaN or an infinity is therefore computed again by plain tiles: those give what IEEE
// arithmetic does. Blocks lie in the same places of C for any number of threads.
//
// A chunk of C is computed in passes over k. For a pass one operand, the one with fewer rows or
// columns, is split and packed as a whole and stays in the second cache; the other moves past it,
// group of panels by group of panels, in the order of the memory that they come from. Between
// passes C waits in sums.
//
// Vectors and tiles are different units: while a group is multiplied the next one is packed, with a
// part of what stands still in the next pass, and the last block of C goes to memory, in portions
// between the multiplications (gemm_thirds_staging.h).
#include "cpu/gemm_thirds.h"

#include <algorithm>

#include "base/rounding.h"
#include "cpu/gemm_thirds_staging.h"

namespace kn::cpu {

namespace {

constexpr int64_t kBlock = kThirdsBlock, kBlockFloats = kBlock * kBlock;
constexpr int64_t kDone = 2;          // blocks of C: one is multiplied, one is finished
constexpr int64_t kGroup = 4;         // panels packed at a time: rows of memory as long as possible
constexpr int64_t kPlainDepth = 256;  // steps of a pass of plain tiles
constexpr int64_t kNearBytes = 24 * 1024;  // of panels that stand still, in the first cache
// C of few steps that is far from the caches is written by tiles at once, and read again for NaN.
constexpr int64_t kDirectSteps = 64, kDirectElements = 64 * 1024;

class ThirdsLoops {
 public:
  ThirdsLoops(const GemmThirds& kernels, const GemmKernels<float>& plain,
              const ThirdsLayout& layout, const GemmBlock<float>& block)
      : kernels_(kernels),
        plain_(plain),
        layout_(layout),
        block_(block),
        direct_(layout.direct && !block.accumulate && !block.bias && !block.relu),
        still_{layout.still_a, layout.still_a ? block.rows : block.columns, columns_before_line()},
        moving_{!layout.still_a, layout.still_a ? block.columns : block.rows},
        groups_(ceil_div(moving_.panels(), layout.group)),
        staging_(kernels, {kernels, block_.in, moving_, layout.panel_floats},
                 {kernels, block_.in, still_, layout.panel_floats}) {}

  void run() {
    kernels_.begin();
    begin_still(0);
    begin_moving(0, 0);
    for (ThirdsPacking* first : {&staging_.still, &staging_.moving})
      while (first->left() > 0) {
        first->next(staging_.tile);
        first->pack().whole(staging_.tile);
      }
    if (still_.shift > 0) pack_wrapped();
    product_.between = &staging_;
    staging_.done.c_row = block_.c_row;
    staging_.done.accumulate = block_.accumulate;
    staging_.done.relu = block_.relu;
    for (int64_t step = 0; step == 0 || step < block_.k; step += layout_.depth) run_pass(step);
    for (product_.blocks = 0; finished_ < multiplied_; finish()) begin_finish();
    kernels_.end();
  }

 private:
  struct Place {
    int64_t row = 0, column = 0;
    bool direct = false;  // tiles write to C
  };

  // Tiles write to whole lines of the cache also where C begins amid a line, as NumPy's arrays do:
  // columns before the first line are computed with the last ones, which share lines with them in
  // the memory of a C without gaps. 0: there are none, or C has gaps.
  int64_t columns_before_line() const {
    if (!direct_ || layout_.still_a || block_.columns != block_.c_row) return 0;
    return block_.columns % kBlock == 0 ? elements_before_line(block_.c) : 0;
  }

  // The last tile of B: its last columns and those before the first line.
  void pack_wrapped() {
    const GemmOperands<float>& in = block_.in;
    alignas(kGemmAlign) float columns[kDirectSteps * kThirdsTile];
    for (int64_t s = 0; s < block_.k; ++s)
      for (int64_t j = 0; j < kThirdsTile; ++j) {
        const int64_t column = (block_.columns - kThirdsTile + still_.shift + j) % block_.columns;
        columns[s * kThirdsTile + j] = in.b[s * in.b_step + column * in.b_column];
      }
    ThirdsTile tile;
    tile.row = tile.count = kThirdsTile;
    for (int64_t s = 0; s < blocks_at(0); ++s) {
      tile.from = columns + s * kBlock * kThirdsTile;
      tile.steps = std::min(kBlock, block_.k - s * kBlock);
      tile.whole = tile.steps == kBlock;
      tile.to = reinterpret_cast<char*>(still_panel(still_.panels() - 1, 0) + kThirdsTileFloats +
                                        s * kThirdsPanelFloats);
      kernels_.pack_b.whole(tile);
    }
  }

  // While a group of panels is multiplied with all that stand still, the next is packed, and a part
  // of what will stand still in the next pass.
  void run_pass(int64_t step) {
    const int64_t next_step = step + layout_.depth;
    const bool last = next_step >= block_.k;
    if (!last) begin_still(next_step);
    for (int64_t g = 0; g < groups_; ++g) {
      if (g + 1 < groups_) begin_moving(g + 1, step);
      else if (!last) begin_moving(0, next_step);
      const int64_t from = g * layout_.group;
      const int64_t until = std::min(from + layout_.group, moving_.panels());
      const int64_t products = (until - from) * still_.panels();
      staging_.begin_packing(groups_ - g, kThirdsPlaces * blocks_at(step) * products);
      run_group(from, until, step);
      staging_.pack_all();
    }
  }

  // Columns next to each other are written one after the other: they share lines of the cache. Some
  // panels of B stay in the first cache while those of A pass by.
  void run_group(int64_t from, int64_t until, int64_t step) {
    if (still_.is_a) {
      for (int64_t i = 0; i < still_.panels(); ++i)
        for (int64_t j = from; j < until; ++j) multiply(i, j, step);
      return;
    }
    for (int64_t near = 0; near < still_.panels(); near += layout_.near)
      for (int64_t j = from; j < until; ++j)
        for (int64_t i = near; i < std::min(near + layout_.near, still_.panels()); ++i)
          multiply(i, j, step);
  }

  // Buffers alternate.
  float* moving_panel(int64_t j, int64_t step) const {
    const int64_t turn = (step / layout_.depth * groups_ + j / layout_.group) % 2;
    return block_.scratch + layout_.moving +
           (turn * layout_.group + j % layout_.group) * layout_.panel_floats;
  }
  float* still_panel(int64_t i, int64_t step) const {
    const int64_t turn = step / layout_.depth % 2;
    return block_.scratch + layout_.still + (turn * still_.panels() + i) * layout_.panel_floats;
  }
  int64_t depth_at(int64_t step) const {
    return std::clamp<int64_t>(block_.k - step, 0, layout_.depth);
  }

  int64_t blocks_at(int64_t step) const { return ceil_div(depth_at(step), kBlock); }

  void begin_moving(int64_t group, int64_t step) {
    const int64_t from = group * layout_.group;
    const int64_t until = std::min(from + layout_.group, moving_.panels());
    staging_.moving.begin(from, until, step, depth_at(step), moving_panel(from, step));
  }
  void begin_still(int64_t step) {
    staging_.still.begin(0, still_.panels(), step, depth_at(step), still_panel(0, step));
  }

  void multiply(int64_t i, int64_t j, int64_t step) {
    const int64_t row = (still_.is_a ? i : j) * kBlock;
    const int64_t column = (still_.is_a ? j : i) * kBlock + still_.shift;
    const int64_t rows = block_.rows - row, columns = block_.columns - column;
    const bool last = step + layout_.depth >= block_.k;
    const bool direct = last && direct_ && rows >= kBlock && columns >= kBlock;
    float* c = block_.c + row * block_.c_row + column;
    float* sum = block_.scratch + layout_.sums + (j * still_.panels() + i) * kBlockFloats;
    product_.a = still_.is_a ? still_panel(i, step) : moving_panel(j, step);
    product_.b = still_.is_a ? moving_panel(j, step) : still_panel(i, step);
    product_.blocks = blocks_at(step);
    product_.sum = step > 0 ? sum : nullptr;
    product_.out = direct ? c : last ? done_at(multiplied_) : sum;
    product_.out_row = direct ? block_.c_row : kBlock;
    staging_.done.next = c;
    const bool finishes = multiplied_ - finished_ == kDone - 1;
    if (finishes) begin_finish();
    kernels_.product[rows > kThirdsTile][columns + still_.shift > kThirdsTile](product_);
    if (finishes) finish();
    if (!last) return;
    Place& place = places_[multiplied_++ % kDone];
    place.row = row;
    place.column = column;
    place.direct = direct;
  }

  float* done_at(int64_t number) const {
    return block_.scratch + layout_.done + number % kDone * kBlockFloats;
  }

  // From now on the oldest block that is done goes to C.
  void begin_finish() {
    const auto [row, column, direct] = places_[finished_ % kDone];
    ThirdsFinish& done = staging_.done;
    done.from = direct ? nullptr : done_at(finished_);
    done.rows = std::min(kBlock, block_.rows - row);
    done.columns = std::min(kBlock, block_.columns - column);
    done.wrapped = still_.shift > 0 ? kBlock - done.columns : 0;
    done.c = block_.c + row * block_.c_row + column;
    done.bias = block_.bias ? block_.bias + column : nullptr;
    staging_.rows.begin_alike(done.rows, kThirdsPlaces * product_.blocks);
    if (!block_.accumulate || !kernels_.is_strange(done)) return;
    // Before anything is added to C.
    staging_.strange = true;
    staging_.rows.left = 0;
  }

  // What is left of it, and all of it again where plain tiles have to do it.
  void finish() {
    staging_.finish_all();
    const auto [row, column, direct] = places_[finished_++ % kDone];
    if (!staging_.strange) return;
    staging_.strange = false;
    compute_again(row, column, staging_.done.columns);
    if (staging_.done.wrapped > 0) compute_again(row, 0, staging_.done.wrapped);
  }

  void compute_again(int64_t row, int64_t column, int64_t columns) {
    GemmBlock<float> again = block_;
    again.in.a += row * block_.in.a_row;
    again.in.b += column * block_.in.b_column;
    again.rows = staging_.done.rows;
    again.columns = columns;
    again.c = block_.c + row * block_.c_row + column;
    again.bias = block_.bias ? block_.bias + column : nullptr;
    again.scratch = block_.scratch + layout_.plain;
    compute_block(plain_, layout_.plain_layout, again);
  }

  const GemmThirds& kernels_;
  const GemmKernels<float>& plain_;
  const ThirdsLayout& layout_;
  const GemmBlock<float>& block_;
  const bool direct_;  // tiles write whole blocks to C
  const ThirdsSide still_, moving_;
  const int64_t groups_;  // of moving panels
  ThirdsStaging staging_;
  ThirdsProduct product_{};
  Place places_[kDone];  // of the blocks on their way to C
  int64_t multiplied_ = 0, finished_ = 0;
};

}  // namespace

ThirdsLayout thirds_layout_of(const GemmKernels<float>& plain, const GemmOperands<float>& strides,
                              int64_t rows, int64_t columns, int64_t k, int64_t depth) {
  ThirdsLayout l;
  l.depth = depth;
  l.still_a = rows <= columns;
  l.panel_floats = ceil_div(std::min(k, depth), kBlock) * kThirdsPanelFloats;
  const int64_t panel_bytes = l.panel_floats * static_cast<int64_t>(sizeof(float));
  l.near = std::max<int64_t>(kNearBytes / panel_bytes, 1);
  l.direct = k <= kDirectSteps && rows * columns >= kDirectElements;
  const int64_t row_panels = ceil_div(rows, kBlock), column_panels = ceil_div(columns, kBlock);
  const int64_t moving_panels = l.still_a ? column_panels : row_panels;
  l.group = std::min(std::min(rows, columns) > kBlock ? kGroup : 1, moving_panels);
  l.still = l.moving + 2 * l.group * l.panel_floats;
  l.sums =
      l.still + (k > depth ? 2 : 1) * (l.still_a ? row_panels : column_panels) * l.panel_floats;
  l.done = l.sums + (k > depth ? row_panels * column_panels * kBlockFloats : 0);
  l.plain = l.done + kDone * kBlockFloats;
  l.plain_layout =
      layout_of(plain, strides, kBlock, kBlock, k, std::min(std::max<int64_t>(k, 1), kPlainDepth));
  l.total = l.plain + round_up(l.plain_layout.total, kGemmAlign);
  return l;
}

void compute_block_in_thirds(const GemmThirds& kernels, const GemmKernels<float>& plain,
                             const ThirdsLayout& layout, const GemmBlock<float>& block) {
  if (block.rows > 0 && block.columns > 0) ThirdsLoops(kernels, plain, layout, block).run();
}

}  // namespace kn::cpu
