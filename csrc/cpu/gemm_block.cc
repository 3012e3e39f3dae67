#include "cpu/gemm_block.h"

#include <algorithm>

#include "base/rounding.h"

namespace kn::cpu {

namespace {

constexpr int64_t kCacheLine = 64;
constexpr int64_t kNearBytes = 16 * 1024;  // what stays in the first cache beside other things
constexpr int64_t kFarBytes = 256 * 1024;  // what may not be found in the second
constexpr int64_t kStripTiles = 4;         // of A that pass over all panels of B together
constexpr int64_t kDirectTiles = 4;        // high at most for B to be used as it lies
constexpr int64_t kPad = 32;               // elements between packed panels
constexpr int64_t kGroup = 2;              // tiles between two looks at what is to be packed

// A by columns is packed where several panels pass over it.
template <class T>
bool packs_a(const GemmOperands<T>& in, int64_t panels) {
  return in.a_step != 1 && panels > 1;
}

// B by rows is used as it lies under few tiles, and where it is near or its rows are narrow and
// dense.
template <class T>
bool uses_b_directly(const GemmKernels<T>& kernels, const GemmOperands<T>& in, int64_t rows,
                     int64_t columns, int64_t k) {
  if (in.b_column != 1) return false;
  if (rows <= kDirectTiles * kernels.rows) return true;
  const int64_t bytes = k * columns * static_cast<int64_t>(sizeof(T));
  return bytes <= kNearBytes || (columns <= 2 * kernels.lanes && in.b_step <= 2 * kernels.lanes);
}

template <class T>
class BlockLoops {
 public:
  BlockLoops(const GemmKernels<T>& kernels, const GemmLayout& layout, const GemmBlock<T>& block)
      : kernels_(kernels),
        block_(block),
        in_(block.in),
        width_(2 * kernels.lanes),
        height_(kernels.rows),
        depth_(layout.depth),
        panels_(ceil_div(block.columns, width_)),
        strips_(layout.strips),
        direct_b_(layout.direct_b),
        packs_a_(layout.packs_a) {
    panels_b_ = block.scratch + layout.panels_b;
    packed_a_ = block.scratch + layout.packed_a;
    packed_row_ = layout.packed_row;
    panel_size_ = depth_ * width_ + kPad;
    const bool dense = block.c_row <= 2 * block.columns;
    sums_ = dense ? block.c : block.scratch + layout.sums;
    sum_row_ = dense ? block.c_row : round_up(block.columns, kernels.lanes);
    // The last two tiles share their rows where the last would be so low that its few chains of
    // additions could not keep the multipliers busy.
    full_tiles_ = block.rows / height_;
    const int64_t rest = block.rows % height_;
    if (rest > 0 && rest <= 4 && full_tiles_ > 0) --full_tiles_;
    const int64_t tail = block.rows - full_tiles_ * height_;
    tail_height_ = tail > height_ ? ceil_div(tail, 2) : tail;
    tiles_ = full_tiles_ + (tail > 0 ? ceil_div(tail, tail_height_) : 0);
  }

  void run() {
    if (strips_) run_strips();
    else run_passes();
  }

 private:
  // A column of tiles: columns [column, column + width) over steps [step, step + depth).
  struct Panel {
    int64_t column, width, step, depth;
  };

  // Memory that is to be fetched: rows of some bytes, `row` bytes apart.
  struct Region {
    const T* at = nullptr;
    int64_t row = 0, rows = 0, bytes = 0;
  };

  Panel panel_at(int64_t index, int64_t step) const {
    const int64_t column = index * width_;
    return {column, std::min(width_, block_.columns - column), step,
            std::min(depth_, block_.k - step)};
  }

  // High blocks: B is packed for a pass as a whole and stays in the second cache while strips of A
  // pass by. While one strip is worked on the next is fetched.
  void run_strips() {
    for (int64_t step = 0; step == 0 || step < block_.k; step += depth_) {
      if (!direct_b_) stage_b(step, 0, b_units(step), panels_b_);
      for (int64_t t = 0; t < tiles_; t += kStripTiles) {
        const int64_t end = std::min(t + kStripTiles, tiles_);
        if (packs_a_) stage_a(step, t, end, 0, depth_at(step), packed_a_);
        const Region a = end < tiles_ ? strip_at(end, step) : strip_at(0, step + depth_);
        const Region c = c_strip_at(end, step);
        for (int64_t j = 0; j < panels_; ++j) {
          const Panel p = panel_at(j, step);
          begin_panel(p, panels_b_ + j * panel_size_);
          fetch(share_of(a, c, j), (end - t) * p.depth);
          run_tiles(p, t, end, packed_a_ - row_of(t));
        }
      }
    }
  }

  // The part of A at `step` that a strip reads which begins with tile `tile`.
  Region strip_at(int64_t tile, int64_t step) const {
    const bool far = block_.rows * block_.k * kSize > kFarBytes;
    if (!far || step >= block_.k) return {};
    const int64_t row = tile * height_;
    const int64_t rows = std::min(kStripTiles * height_, block_.rows - row);
    const T* a = in_.a + row * in_.a_row + step * in_.a_step;
    if (in_.a_step == 1) return {a, in_.a_row, rows, depth_at(step) * kSize};
    return {a, in_.a_step, depth_at(step), rows * kSize};
  }

  // The same of C where it is written to far memory.
  Region c_strip_at(int64_t tile, int64_t step) const {
    const bool far = block_.rows * block_.columns * kSize > kFarBytes;
    if (!far || tile >= tiles_ || step + depth_ < block_.k) return {};
    const int64_t row = row_of(tile), end = row_of(std::min(tile + kStripTiles, tiles_));
    return {block_.c + row * block_.c_row, block_.c_row, end - row, block_.columns * kSize};
  }

  // What panel j fetches of two regions that all panels fetch one after the other.
  Region share_of(const Region& a, const Region& c, int64_t j) const {
    const double of_a = static_cast<double>(a.rows) * a.bytes;
    const double all = of_a + static_cast<double>(c.rows) * c.bytes;
    if (all == 0) return {};
    const double from = j * all / panels_, until = (j + 1) * all / panels_;
    const bool first = from < of_a;
    const Region& r = first ? a : c;
    const double skipped = first ? 0 : of_a, end = first ? std::min(until, of_a) : until;
    const auto begin_row = static_cast<int64_t>((from - skipped) / r.bytes);
    const auto end_row = static_cast<int64_t>((end - skipped) / r.bytes);
    return {r.at + begin_row * r.row, r.row, end_row - begin_row, r.bytes};
  }

  // Low blocks: between groups of tiles B for the next pass is packed bit by bit, and so is A by
  // columns; each bit was fetched during the last group. C waits in `sums` until the last pass.
  void run_passes() {
    T* a = packed_a_;
    T* next_a = packed_a_ + depth_ * packed_row_;
    T* b = panels_b_;
    T* next_b = panels_b_ + panels_ * panel_size_;
    if (!direct_b_) stage_b(0, 0, b_units(), b);
    if (packs_a_) stage_a(0, 0, tiles_, 0, depth_at(0), a);
    for (int64_t step = 0; step < block_.k; step += depth_) {
      int64_t done = 0;
      for (int64_t j = 0; j < panels_; ++j) {
        const Panel p = panel_at(j, step);
        begin_panel(p, b + j * panel_size_);
        for (int64_t tile = 0; tile < tiles_; tile += kGroup) {
          const int64_t end = std::min(tile + kGroup, tiles_);
          const int64_t until = units_at(step) * (j * tiles_ + end) / (panels_ * tiles_);
          fetch(region_of(step + p.depth, done, until), (end - tile) * p.depth);
          run_tiles(p, tile, end, a);
          stage(step + p.depth, done, until, next_a, next_b);
          done = until;
        }
      }
      std::swap(a, next_a);
      std::swap(b, next_b);
    }
  }

  // What is to be fetched for the pass at `step` and packed, in units: steps of B, or some columns
  // where they lie in a row; then steps of A, or its rows where they lie in a row and stay there.
  int64_t depth_at(int64_t step) const { return std::min(depth_, block_.k - step); }
  int64_t b_units(int64_t step = 0) const {
    return in_.b_column == 1 ? depth_at(step) : ceil_div(block_.columns, kernels_.lanes);
  }
  int64_t a_units(int64_t step) const {
    if (in_.a_step == 1) return block_.rows * block_.k * kSize > kFarBytes ? block_.rows : 0;
    return depth_at(step);
  }
  // Units to do while the pass at `step` runs.
  int64_t units_at(int64_t step) const {
    const int64_t next = step + depth_;
    return next >= block_.k ? 0 : b_units(next) + a_units(next);
  }

  Region region_of(int64_t step, int64_t unit, int64_t until) const {
    if (unit >= until) return {};
    const int64_t of_b = b_units(step);
    if (unit >= of_b) {
      const bool by_rows = in_.a_step == 1;
      const int64_t row = by_rows ? in_.a_row : in_.a_step;
      const T* a = in_.a + step * in_.a_step + (unit - of_b) * row;
      return {a, row, until - unit, (by_rows ? depth_at(step) : block_.rows) * kSize};
    }
    until = std::min(until, of_b);
    if (in_.b_column == 1)
      return {in_.b + (step + unit) * in_.b_step, in_.b_step, until - unit, block_.columns * kSize};
    const int64_t column = unit * kernels_.lanes;
    return {in_.b + step + column * in_.b_column, in_.b_column,
            std::min(until * kernels_.lanes, block_.columns) - column, depth_at(step) * kSize};
  }

  void stage(int64_t step, int64_t unit, int64_t until, T* to_a, T* to_b) {
    const int64_t of_b = step < block_.k ? b_units(step) : 0;
    if (!direct_b_ && unit < of_b) stage_b(step, unit, std::min(until, of_b), to_b);
    if (packs_a_ && until > of_b)
      stage_a(step, 0, tiles_, std::max(unit, of_b) - of_b, until - of_b, to_a);
  }

  // Units [unit, until) of B for the pass at `step`.
  void stage_b(int64_t step, int64_t unit, int64_t until, T* to) {
    const int64_t lanes = kernels_.lanes;
    if (in_.b_column == 1) {
      for (int64_t j = 0; j < panels_; ++j, to += panel_size_) {
        const Panel p = panel_at(j, step);
        const int64_t row = p.width > lanes ? width_ : lanes;
        kernels_.copy(until - unit, p.width, in_.b + (step + unit) * in_.b_step + p.column,
                      in_.b_step, to + unit * row, row);
      }
      return;
    }
    for (; unit < until; ++unit) {
      const int64_t column = unit * lanes, panel = column / width_;
      const int64_t row = block_.columns - panel * width_ > lanes ? width_ : lanes;
      kernels_.transpose(std::min(lanes, block_.columns - column), depth_at(step),
                         in_.b + step + column * in_.b_column, in_.b_column,
                         to + panel * panel_size_ + column % width_, row);
    }
  }

  // Steps [from, until) after `step` of A's tiles [tile, end), by columns.
  void stage_a(int64_t step, int64_t tile, int64_t end, int64_t from, int64_t until, T* to) {
    const int64_t row = row_of(tile);
    kernels_.copy(until - from, row_of(end) - row, in_.a + row + (step + from) * in_.a_step,
                  in_.a_step, to + from * packed_row_, packed_row_);
  }

  // First row of a tile.
  int64_t row_of(int64_t tile) const {
    const int64_t tail = std::max<int64_t>(tile - full_tiles_, 0);
    return std::min((tile - tail) * height_ + tail * tail_height_, block_.rows);
  }

  void begin_panel(const Panel& p, const T* packed) {
    const int64_t vectors = p.width > kernels_.lanes ? 2 : 1;
    const bool last = p.step + p.depth >= block_.k;
    pile_.k = p.depth;
    pile_.last_columns = static_cast<int>(p.width - (vectors - 1) * kernels_.lanes);
    pile_.b = direct_b_ ? in_.b + p.step * in_.b_step + p.column : packed;
    pile_.b_step = direct_b_ ? in_.b_step : vectors * kernels_.lanes;
    pile_.bias = block_.bias && last ? block_.bias + p.column : nullptr;
    pile_.relu = block_.relu && last;
    pile_.c_row = last ? block_.c_row : sum_row_;
    pile_.sum_row = p.step == 0 ? block_.c_row : sum_row_;
    pile_.fetch = {static_cast<const char*>(pile_.b), 0, 1, 0};
  }

  // Tiles [tile, end) of the panel; row 0 of packed A is at `packed`.
  void run_tiles(const Panel& p, int64_t tile, int64_t end, const T* packed) {
    const bool partial = pile_.last_columns < kernels_.lanes;
    const auto& piles = (partial ? kernels_.partial : kernels_.whole)[p.width > kernels_.lanes];
    if (tile < full_tiles_) {
      place(p, row_of(tile), packed);
      pile_.tiles = std::min(end, full_tiles_) - tile;
      piles[height_ - 1](pile_);
      tile += pile_.tiles;
    }
    for (; tile < end; ++tile) {
      place(p, row_of(tile), packed);
      pile_.tiles = 1;
      piles[row_of(tile + 1) - row_of(tile) - 1](pile_);
    }
  }

  // Points the pile at row i of A and C.
  void place(const Panel& p, int64_t i, const T* packed) {
    const bool last = p.step + p.depth >= block_.k;
    pile_.a = packs_a_ ? packed + i : in_.a + i * in_.a_row + p.step * in_.a_step;
    pile_.a_row = in_.a_row;
    pile_.a_step = packs_a_ ? packed_row_ : in_.a_step;
    pile_.a_tile = height_ * in_.a_row;
    pile_.c = (last ? block_.c : sums_) + i * pile_.c_row + p.column;
    const T* sum = p.step > 0 ? sums_ : (block_.accumulate ? block_.c : nullptr);
    pile_.sum = sum ? sum + i * pile_.sum_row + p.column : nullptr;
  }

  // Lets the tiles of the next `steps` steps of k fetch the region, as slowly as will do.
  void fetch(const Region& r, int64_t steps) {
    pile_.fetch = {static_cast<const char*>(pile_.b), 0, 1, 0};
    if (r.rows <= 0) return;
    const int64_t lines = r.bytes / kCacheLine + 1, slots = steps / 2;
    int64_t repeat = 1;
    while (repeat < 8 && 2 * repeat * lines * r.rows <= slots) repeat *= 2;
    pile_.fetch = {reinterpret_cast<const char*>(r.at), kCacheLine / repeat, lines * repeat,
                   r.row * kSize - lines * kCacheLine};
  }

  static constexpr int64_t kSize = sizeof(T);

  const GemmKernels<T>& kernels_;
  const GemmBlock<T>& block_;
  const GemmOperands<T>& in_;
  const int64_t width_, height_, depth_, panels_;
  const bool strips_, direct_b_, packs_a_;
  T *panels_b_, *packed_a_, *sums_;
  int64_t sum_row_;
  int64_t full_tiles_, tiles_, tail_height_;
  int64_t packed_row_, panel_size_;  // elements between packed steps of A, and panels of B
  GemmPile pile_{};
};

}  // namespace

template <class T>
GemmLayout layout_of(const GemmKernels<T>& kernels, const GemmOperands<T>& strides, int64_t rows,
                     int64_t columns, int64_t k, int64_t depth) {
  const int64_t unit = kCacheLine / static_cast<int64_t>(sizeof(T)), width = 2 * kernels.lanes;
  const int64_t panels = ceil_div(columns, width);
  GemmLayout l;
  l.depth = depth;
  l.strips = k <= depth || rows >= kGemmHighRows;
  l.direct_b = uses_b_directly(kernels, strides, rows, columns, k);
  l.packs_a = packs_a(strides, panels);
  const int64_t buffers = l.strips ? 1 : 2;
  l.packed_a = l.direct_b ? 0 : buffers * panels * (depth * width + kPad);
  const int64_t tiles = ceil_div(rows, kernels.rows);
  const int64_t columns_a = (l.strips ? std::min(kStripTiles, tiles) : tiles) * kernels.rows;
  l.packed_row = round_up(columns_a, unit) + unit;
  l.sums = l.packed_a + (l.packs_a ? (l.strips ? 1 : 2) * depth * l.packed_row : 0);
  const int64_t sums = k <= depth ? 0 : rows * round_up(columns, kernels.lanes);
  l.total = l.sums + round_up(sums, unit);
  return l;
}

template <class T>
void compute_block(const GemmKernels<T>& kernels, const GemmLayout& layout,
                   const GemmBlock<T>& block) {
  if (block.rows > 0 && block.columns > 0) BlockLoops<T>(kernels, layout, block).run();
}

#define KN_INSTANTIATE(T)                                                                        \
  template GemmLayout layout_of(const GemmKernels<T>&, const GemmOperands<T>&, int64_t, int64_t, \
                                int64_t, int64_t);                                               \
  template void compute_block(const GemmKernels<T>&, const GemmLayout&, const GemmBlock<T>&);
KN_INSTANTIATE(float)
KN_INSTANTIATE(double)
#undef KN_INSTANTIATE

}  // namespace kn::cpu
