// What the vector units do while tiles are multiplied (see gemm_thirds.cc).
//
// Multiplications look ahead by no more than four or five of their kind. Whatever holds up the
// instructions between them for longer than that is seen: portions that are too large, branches
// that are hard to foretell, and loads of what was just stored in other sizes, for a store waits
// for all multiplications before it.
#pragma once

#include <algorithm>

#include "base/rounding.h"
#include "cpu/gemm_block.h"
#include "cpu/isa/gemm_thirds.h"

namespace kn::cpu {

inline constexpr int64_t kThirdsTile = 16;
inline constexpr int64_t kThirdsTileFloats = kThirdsTileBytes / sizeof(float);
inline constexpr int64_t kThirdsPanelFloats = kThirdsPanelBytes / sizeof(float);  // over 32 steps

// One operand: rows of A or columns of B.
struct ThirdsSide {
  bool is_a = false;
  int64_t extent = 0;
  int64_t shift = 0;  // where the first panel begins; those before it end the last one

  int64_t panels() const { return ceil_div(extent, kThirdsBlock); }
};

// Panels of a side on their way from memory, tile by tile in the order in which they lie there.
class ThirdsPacking {
 public:
  ThirdsPacking(const GemmThirds& kernels, const GemmOperands<float>& in, const ThirdsSide& side,
                int64_t panel_floats)
      : extent_(side.extent - side.shift),
        element_(side.is_a ? in.a_row : in.b_column),
        step_(side.is_a ? in.a_step : in.b_step),
        operand_((side.is_a ? in.a : in.b) + side.shift * element_),
        panel_floats_(panel_floats) {
    together_ = side.is_a ? step_ == 1 : element_ != 1;
    row_ = together_ ? element_ : step_;
    if (side.is_a) pack_ = together_ ? &kernels.pack_a : &kernels.pack_a_by_columns;
    else pack_ = together_ ? &kernels.pack_b_by_columns : &kernels.pack_b;
  }

  // Panels [from, until) over `depth` steps come next.
  void begin(int64_t from, int64_t until, int64_t step, int64_t depth, float* to) {
    count_ = std::min(until * kThirdsBlock, extent_) - from * kThirdsBlock;
    depth_ = depth;
    from_ = operand_ + from * kThirdsBlock * element_ + step * step_;
    to_ = to;
    groups_ = ceil_div(count_, kThirdsTile);
    blocks_ = ceil_div(depth, kThirdsBlock);
    group_ = block_ = 0;
    left_ = groups_ * blocks_;
  }

  int64_t left() const { return left_; }
  const ThirdsPack& pack() const { return *pack_; }

  void next(ThirdsTile& t) {
    const int64_t element = group_ * kThirdsTile, step = block_ * kThirdsBlock;
    t.from = from_ + (together_ ? element * row_ + step : element + step * row_);
    t.row = row_;
    t.count = std::min(kThirdsTile, count_ - element);
    t.steps = std::min(kThirdsBlock, depth_ - step);
    t.whole = t.count == kThirdsTile && t.steps == kThirdsBlock;
    t.to = reinterpret_cast<char*>(to_ + group_ / 2 * panel_floats_ +
                                   group_ % 2 * kThirdsTileFloats + block_ * kThirdsPanelFloats);
    t.done = 0;
    --left_;
    if (together_) {
      if (++block_ == blocks_) block_ = 0, ++group_;
    } else {
      if (++group_ == groups_) group_ = 0, ++block_;
    }
  }

 private:
  const int64_t extent_;          // from the first panel on
  const int64_t element_, step_;  // distances of rows or columns and of steps
  const float* const operand_;
  const int64_t panel_floats_;
  bool together_;  // steps lie side by side, the others `row_` apart
  int64_t row_;
  const ThirdsPack* pack_;

  int64_t count_ = 0, depth_ = 0;
  const float* from_ = nullptr;
  float* to_ = nullptr;
  int64_t groups_ = 0, blocks_ = 0;  // of 16 rows or columns, of 32 steps
  int64_t group_ = 0, block_ = 0, left_ = 0;
};

// `left` things spread over the places between multiplications.
struct ThirdsPace {
  int64_t left = 0, places = 1, at_once = 0, more = 0, credit = 0;

  // As evenly as can be.
  void begin(int64_t count, int64_t at_places) {
    left = count;
    places = std::max<int64_t>(at_places, 1);
    at_once = count / places;
    more = count % places;
    credit = 0;
  }
  // The same number wherever there is something to do: loops of one length are foretold.
  void begin_alike(int64_t count, int64_t at_places) {
    begin(count, at_places);
    if (at_once == 0 || more == 0) return;
    ++at_once;
    more = 0;
  }
  // How many at this place.
  int64_t next() {
    if (left == 0) return 0;
    int64_t count = at_once;
    credit += more;
    if (credit >= places) credit -= places, ++count;
    count = std::min(count, left);
    left -= count;
    return count;
  }
};

// What is done while tiles are multiplied: a block of C is finished, and what comes next is packed.
struct ThirdsStaging : ThirdsBetween {
  ThirdsStaging(const GemmThirds& kernels, const ThirdsPacking& moving, const ThirdsPacking& still)
      : ThirdsBetween{next}, kernels(kernels), moving(moving), still(still) {}

  const GemmThirds& kernels;
  ThirdsPacking moving, still;
  ThirdsTile tile;  // under way
  ThirdsPortionFn portion = nullptr;
  ThirdsPace portions;

  ThirdsFinish done{};  // a block of C
  ThirdsPace rows;
  bool strange = false;

  static void next(ThirdsBetween& between) {
    auto& s = static_cast<ThirdsStaging&>(between);
    if (const int64_t count = s.rows.next()) s.finish(count);
    for (int64_t n = s.portions.next(); n > 0; --n) s.pack();
  }
  // The last `rows.left` rows are to be done later.
  void finish(int64_t count) {
    const int64_t until = done.rows - rows.left;
    strange |= kernels.finish(done, until - count, until);
  }
  void pack() {
    if (!portion) {
      ThirdsPacking& p = moving.left() > 0 ? moving : still;
      portion = p.pack().portion;
      p.next(tile);
    }
    if (portion(tile)) portion = nullptr;
  }
  // Packs `moving`, and of `still` so much that it is done after `turns` turns.
  void begin_packing(int64_t turns, int64_t places) {
    const int64_t count = moving.left() * moving.pack().portions +
                          ceil_div(still.left(), turns) * still.pack().portions;
    portions.begin(count, places);
  }
  void finish_all() {
    const int64_t count = rows.left;
    rows.left = 0;
    if (count > 0) finish(count);
  }
  void pack_all() {
    for (; portions.left > 0; --portions.left) pack();
  }
};

}  // namespace kn::cpu
