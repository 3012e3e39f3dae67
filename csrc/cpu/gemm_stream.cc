// B streams through the tile multipliers: A is split once as a whole, B image by image (32 steps of
// 32 columns) and just ahead of its products, to a buffer of two that never leaves the first cache.
// Written to the second cache, images took half as long again as their products. With few rows
// there are as many splits as products have room for; each tile product is therefore followed by
// its share of them, in one stretch of code without a branch (isa/gemm_thirds_step.inc).
//
// Blocks of C, and B's columns with them, begin where lines of the cache begin, also where C itself
// begins amid a line, as NumPy's arrays do: the first block is narrower. Else every row of a block
// shares lines with the next block, which is written when they have left the first cache.
#include "cpu/gemm_stream.h"

#include <algorithm>
#include <cstring>

#include "base/rounding.h"
#include "cpu/gemm_thirds_staging.h"

namespace kn::cpu {

namespace {

constexpr int64_t kBlock = kThirdsBlock, kBlockFloats = kBlock * kBlock;
constexpr int64_t kMaxSteps = 512;  // of few rows
constexpr int64_t kFewSteps = 64;   // for which two panels of B stay in the first cache
constexpr int64_t kMaxRows = 4 * kBlock;
constexpr int kPairs = 16;  // that a step splits at most twice

// Columns [from, until) of the block.
struct Columns {
  int64_t from = 0, until = 0;

  int64_t count() const { return until - from; }
};

class StreamLoops {
 public:
  StreamLoops(const GemmThirds& kernels, const StreamLayout& layout, const GemmBlock<float>& block,
              int64_t first)
      : kernels_(kernels),
        layout_(layout),
        block_(block),
        first_(first),
        direct_(!block.bias && !block.relu && elements_before_line(block.c + first) == 0 &&
                elements_before_line(block.c + block.c_row + first) == 0) {}

  bool run() {
    kernels_.begin();
    pack_a();
    step_.row = block_.in.b_step;
    step_.finish = kernels_.finish;
    step_.done = &done_;
    done_.c_row = block_.c_row;
    done_.accumulate = false;
    done_.relu = block_.relu;
    Columns now = next_to(0);
    for (int64_t s = 0; s < (alone() ? 1 : layout_.steps); ++s) pack_b(now, s);
    for (Columns next; now.count() > 0; now = next, ++turn_) {
      next = next_to(now.until);
      for (int64_t i = 0; i < layout_.row_blocks; ++i) multiply(i, now, next);
    }
    step_.strange |= kernels_.finish(done_, 0, done_.rows);
    kernels_.end();
    return step_.strange;
  }

 private:
  // One image of B is used at a time, and not a panel of all steps.
  bool alone() const { return layout_.row_blocks == 1; }

  Columns next_to(int64_t from) const {
    const int64_t until = from == 0 && first_ > 0 ? first_ : from + kBlock;
    return {from, std::min(until, block_.columns)};
  }

  float* a_image(int64_t i, int64_t s) const {
    return block_.scratch + layout_.a + (i * layout_.steps + s) * kThirdsPanelFloats;
  }
  // Of the block of columns number `turn`.
  float* b_image(int64_t turn, int64_t s) const {
    const int64_t image = alone() ? (turn * layout_.steps + s) % 2 : turn % 2 * layout_.steps + s;
    return block_.scratch + layout_.b + image * kThirdsPanelFloats;
  }
  int64_t steps_at(int64_t s) const { return std::min(kBlock, block_.k - s * kBlock); }

  void pack_a() {
    const GemmOperands<float>& in = block_.in;
    const bool by_rows = in.a_step == 1;
    const ThirdsPack& pack = by_rows ? kernels_.pack_a : kernels_.pack_a_by_columns;
    ThirdsTile tile;
    tile.row = by_rows ? in.a_row : in.a_step;
    for (int64_t i = 0; i < 2 * layout_.row_blocks; ++i)
      for (int64_t s = 0; s < layout_.steps; ++s) {
        tile.from = in.a + i * kThirdsTile * in.a_row + s * kBlock * in.a_step;
        tile.count = std::clamp<int64_t>(block_.rows - i * kThirdsTile, 0, kThirdsTile);
        tile.steps = steps_at(s);
        tile.whole = tile.count == kThirdsTile && tile.steps == kBlock;
        tile.to = reinterpret_cast<char*>(a_image(i / 2, s) + i % 2 * kThirdsTileFloats);
        pack.whole(tile);
      }
  }

  void pack_b(const Columns& columns, int64_t s) {
    ThirdsTile tile;
    tile.row = block_.in.b_step;
    tile.steps = steps_at(s);
    for (int64_t half = 0; half < 2; ++half) {
      tile.from = b_at(columns, s) + half * kThirdsTile;
      tile.count = std::clamp<int64_t>(columns.count() - half * kThirdsTile, 0, kThirdsTile);
      tile.whole = tile.count == kThirdsTile && tile.steps == kBlock;
      tile.to = reinterpret_cast<char*>(b_image(0, s) + half * kThirdsTileFloats);
      kernels_.pack_b.whole(tile);
    }
  }
  const float* b_at(const Columns& columns, int64_t s) const {
    return block_.in.b + s * kBlock * block_.in.b_step + columns.from;
  }

  // Block (i, now) of C.
  void multiply(int64_t i, const Columns& now, const Columns& next) {
    const int64_t rows = std::min(kBlock, block_.rows - i * kBlock);
    float* c = block_.c + i * kBlock * block_.c_row + now.from;
    const bool direct = direct_ && rows == kBlock && now.count() == kBlock;
    float* done = block_.scratch + layout_.done + multiplied_++ % 2 * kBlockFloats;
    step_.out_row = direct ? block_.c_row : kBlock;
    for (int64_t s = 0; s < layout_.steps; ++s) {
      const bool last = s + 1 == layout_.steps;
      step_.a = a_image(i, s);
      step_.b = b_image(turn_, s);
      step_.first = s == 0;
      step_.out = last ? direct ? c : done : nullptr;
      step_.finish_until = done_.rows * (s + 1) / layout_.steps;
      step_.at_once = ceil_div(step_.finish_until - step_.finish_from, kThirdsPlaces);
      int halves = 0;  // of an image
      if (!alone()) halves = begin_image(next, turn_ + 1, s, i, 1);
      else if (last) halves = begin_image(next, turn_ + 1, 0, 0, 2);
      else halves = begin_image(now, turn_, s + 1, 0, 2);
      const bool partial = halves > 0 && (step_.columns < kBlock || step_.steps < kBlock);
      kernels_.step[now.count() > kThirdsTile][partial][halves](step_);
    }
    done_.from = direct ? nullptr : done;
    done_.rows = rows;
    done_.columns = now.count();
    done_.c = c;
    done_.bias = block_.bias ? block_.bias + now.from : nullptr;
    step_.finish_from = 0;
  }

  // The next step will split `halves` halves of an image from number `half` on; none where there
  // are no more. Returns how many.
  int begin_image(const Columns& columns, int64_t turn, int64_t s, int64_t half, int halves) {
    if (columns.count() <= 0 || half >= 2) return 0;
    step_.first_row = static_cast<int>(half) * kPairs / 2;
    step_.from = b_at(columns, s) + step_.first_row * step_.row;
    step_.to = reinterpret_cast<char*>(b_image(turn, s)) + step_.first_row * 64;
    step_.columns = columns.count();
    step_.steps = steps_at(s);
    return halves;
  }

  const GemmThirds& kernels_;
  const StreamLayout& layout_;
  const GemmBlock<float>& block_;
  const int64_t first_;
  const bool direct_;
  ThirdsStep step_;
  ThirdsFinish done_{};
  int64_t turn_ = 0, multiplied_ = 0;  // blocks of columns, blocks of C
};

}  // namespace

bool worth_streaming(int64_t rows, int64_t k) {
  return rows <= kBlock ? k <= kMaxSteps : rows <= kMaxRows && k <= kFewSteps;
}

StreamLayout stream_layout_of(int64_t rows, int64_t k) {
  StreamLayout l;
  l.steps = ceil_div(k, kBlock);
  l.row_blocks = ceil_div(rows, kBlock);
  l.b = l.a + l.row_blocks * l.steps * kThirdsPanelFloats;
  l.done = l.b + 2 * (l.row_blocks == 1 ? 1 : l.steps) * kThirdsPanelFloats;
  l.total = l.done + 2 * kBlockFloats;
  return l;
}

bool stream_block(const GemmThirds& kernels, const StreamLayout& layout,
                  const GemmBlock<float>& block, int64_t first) {
  return StreamLoops(kernels, layout, block, first).run();
}

}  // namespace kn::cpu
