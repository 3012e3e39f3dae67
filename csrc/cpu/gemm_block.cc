#include "cpu/gemm_block.h"

#include <algorithm>

namespace kn::cpu {

namespace {

constexpr int64_t kCacheLine = 64;
constexpr int64_t kNearBytes = 16 * 1024;   // what stays in the first cache beside other things
constexpr int64_t kFarBytes = 256 * 1024;   // what may not be found in the second
constexpr int64_t kStripTiles = 8;          // of A that pass over all panels of B together
constexpr int64_t kDealtTiles = 4;          // of A by columns that are packed together
constexpr int64_t kPortions = 4;            // in which the next panel is staged
constexpr int64_t kUnit = 16;               // steps of k in which A is staged
constexpr int64_t kNever = int64_t{1} << 40;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// A is packed where several panels pass over it: by columns always, by rows where they are far from
// the processor or from each other, by a distance that makes them share few lines of a cache.
template <class T>
bool packs_a(const GemmOperands<T>& in, int64_t rows, int64_t k, int64_t panels, bool single_pass) {
  if (panels <= 2) return false;
  if (in.a_step != 1) return true;
  constexpr int64_t size = sizeof(T);
  const bool crowded = in.a_row * size % 2048 == 0 && rows > 24 && panels > 3;
  return crowded || (!single_pass && rows * k * size > kFarBytes);
}

// Narrow rows of B, and few enough of them for two tiles or for the first cache, are used as they
// lie.
template <class T>
bool uses_b_directly(const GemmKernels<T>& kernels, const GemmOperands<T>& in, int64_t rows,
                     int64_t columns, int64_t k) {
  if (in.b_column != 1) return false;
  if (rows <= 2 * kernels.rows) return true;
  const int64_t bytes = k * columns * static_cast<int64_t>(sizeof(T));
  return bytes <= kNearBytes || (columns <= 2 * kernels.lanes && in.b_step <= 2 * kernels.lanes);
}

template <class T>
class BlockLoops {
 public:
  BlockLoops(const GemmKernels<T>& kernels, const GemmLayout& layout, const GemmBlock<T>& block)
      : kernels_(kernels), block_(block), in_(block.in), width_(2 * kernels.lanes),
        height_(kernels.rows), depth_(layout.depth), panels_(ceil_div(block.columns, width_)),
        single_pass_(layout.single_pass), direct_b_(layout.direct_b), packs_a_(layout.packs_a) {
    panels_b_ = block.scratch + layout.panels_b;
    packed_a_ = block.scratch + layout.packed_a;
    by_rows_ = in_.a_step == 1;
    packed_row_ = by_rows_ ? depth_ + kUnit : 1;
    packed_tile_ = height_ * (by_rows_ ? packed_row_ : depth_);
    const bool dense = block.c_row <= 2 * block.columns;
    sums_ = dense ? block.c : block.scratch + layout.sums;
    sum_row_ = dense ? block.c_row : round_up(block.columns, kernels.lanes);
    // The last two tiles share their rows where the last would be so low that its few chains of
    // additions could not keep the multipliers busy.
    full_tiles_ = block.rows / height_;
    const int64_t rest = block.rows % height_;
    if (rest > 0 && rest < 4 && full_tiles_ > 0) --full_tiles_;
    const int64_t tail = block.rows - full_tiles_ * height_;
    tail_height_ = tail > height_ ? ceil_div(tail, 2) : tail;
    tiles_ = full_tiles_ + (tail > 0 ? ceil_div(tail, tail_height_) : 0);
    pile_.fetch.every = kNever;
  }

  void run() {
    if (single_pass_) run_strips();
    else run_passes();
  }

 private:
  // A column of tiles: columns [column, column + width) over steps [step, step + depth).
  struct Panel {
    int64_t column, width, step, depth;
  };

  Panel panel_at(int64_t index, int64_t step) const {
    const int64_t column = index * width_;
    return {column, std::min(width_, block_.columns - column), step,
            std::min(depth_, block_.k - step)};
  }

  // k in one go: all of B is packed first and stays in the second cache, strips of A pass by. While
  // one strip is worked on the next is fetched.
  void run_strips() {
    const int64_t panel_size = block_.k * width_;
    if (!direct_b_)
      for (int64_t j = 0; j < panels_; ++j)
        stage_b(panel_at(j, 0), 0, block_.k, panels_b_ + j * panel_size);
    const bool far = block_.rows * block_.k * kSize > kFarBytes;
    for (int64_t t = 0; t < tiles_; t += kStripTiles) {
      const int64_t end = std::min(t + kStripTiles, tiles_);
      if (packs_a_) pack_a(0, t, std::min(end, full_tiles_), 0, block_.k, packed_a_);
      for (int64_t j = 0; j < panels_; ++j) {
        const Panel p = panel_at(j, 0);
        begin_panel(p, panels_b_ + j * panel_size);
        if (far) fetch_strip(end, j, (end - t) * block_.k);
        run_tiles(p, t, end, packed_a_ - t * packed_tile_);
      }
    }
  }

  // k in passes: a panel of B at a time, packed while its predecessor is worked on, as is A for the
  // next pass. C waits in `sums` until the last pass.
  void run_passes() {
    T* current_a = packed_a_;
    T* other_a = packed_a_ + full_tiles_ * packed_tile_;
    T* current_b = panels_b_;
    T* other_b = panels_b_ + depth_ * width_;
    if (packs_a_) stage_a(0, 0, a_units(0), current_a);
    if (!direct_b_) stage_b(panel_at(0, 0), 0, std::min(depth_, block_.k), current_b);
    for (int64_t step = 0; step < block_.k; step += depth_) {
      for (int64_t j = 0; j < panels_; ++j) {
        const Panel p = panel_at(j, step);
        begin_panel(p, current_b);
        run_panel(p, j, current_a, other_a, other_b);
        if (!direct_b_) std::swap(current_b, other_b);
      }
      std::swap(current_a, other_a);
    }
  }

  // One panel in portions; between them, portions of the next panel of B and of A for the next pass
  // are packed, which have been fetched in the meantime.
  void run_panel(const Panel& p, int64_t j, const T* a, T* next_a, T* next_b) {
    const int64_t next_step = p.step + p.depth;
    const bool last_pass = next_step >= block_.k, last_panel = j + 1 == panels_;
    if (last_pass && last_panel) return run_tiles(p, 0, tiles_, a);
    const Panel next = last_panel ? panel_at(0, next_step) : panel_at(j + 1, p.step);
    const int64_t portions = std::min(tiles_, kPortions);
    const int64_t units = packs_a_ && !last_pass ? a_units(next_step) : 0;
    const int64_t shares = panels_ * portions;
    for (int64_t n = 0; n < portions; ++n) {
      const int64_t tile = n * tiles_ / portions, end = (n + 1) * tiles_ / portions;
      const int64_t from = portion_of(next.depth, n, portions);
      const int64_t until = portion_of(next.depth, n + 1, portions);
      const int64_t share = j * portions + n;
      const int64_t unit = share * units / shares, unit_end = (share + 1) * units / shares;
      // The upper tiles fetch B and the lower ones A.
      const int64_t middle = unit < unit_end && end - tile > 1 ? (tile + end) / 2 : end;
      fetch_b(next, from, until, (middle - tile) * p.depth);
      run_tiles(p, tile, middle, a);
      if (middle < end) {
        fetch_a(next_step, unit, unit_end, (end - middle) * p.depth);
        run_tiles(p, middle, end, a);
      }
      pile_.fetch.every = kNever;
      if (!direct_b_) stage_b(next, from, until, next_b);
      stage_a(next_step, unit, unit_end, next_a);
    }
  }

  int64_t portion_of(int64_t depth, int64_t n, int64_t portions) const {
    return n == portions ? depth : n * depth / portions / kernels_.lanes * kernels_.lanes;
  }

  // Steps [from, until) of the panel into its packed form.
  void stage_b(const Panel& p, int64_t from, int64_t until, T* to) {
    const int64_t row = p.width > kernels_.lanes ? width_ : kernels_.lanes;
    const T* b = in_.b + (p.step + from) * in_.b_step + p.column * in_.b_column;
    if (in_.b_column == 1) kernels_.copy(until - from, p.width, b, in_.b_step, to + from * row, row);
    else kernels_.transpose(p.width, until - from, b, in_.b_column, to + from * row, row);
  }

  // A's full tiles over the pass that begins at `step` are packed in units of some steps, tile by
  // tile, or group of tiles by group where A is by columns.
  int64_t tiles_together() const { return by_rows_ ? 1 : kDealtTiles; }
  int64_t units_of(int64_t step) const {
    return ceil_div(std::min(depth_, block_.k - step), kUnit);
  }
  int64_t a_units(int64_t step) const {
    return ceil_div(full_tiles_, tiles_together()) * units_of(step);
  }

  // The tiles and steps of units [unit, …) up to the end of their group: calls body(tile, tile_end,
  // from, until) and returns the first unit of the next group.
  template <class Body>
  int64_t for_group(int64_t step, int64_t unit, int64_t end, Body body) const {
    const int64_t per_group = units_of(step), group = unit / per_group;
    const int64_t stop = std::min(end, (group + 1) * per_group);
    const int64_t tile = group * tiles_together();
    const int64_t depth = std::min(depth_, block_.k - step);
    body(tile, std::min(tile + tiles_together(), full_tiles_), (unit - group * per_group) * kUnit,
         std::min((stop - group * per_group) * kUnit, depth));
    return stop;
  }

  void stage_a(int64_t step, int64_t unit, int64_t end, T* to) {
    while (unit < end)
      unit = for_group(step, unit, end, [&](int64_t tile, int64_t tile_end, int64_t from,
                                            int64_t until) {
        pack_a(step, tile, tile_end, from, until, to + tile * packed_tile_);
      });
  }

  // Steps [from, until) after `step` of the full tiles [tile, end), the first of them at `to`.
  void pack_a(int64_t step, int64_t tile, int64_t end, int64_t from, int64_t until, T* to) {
    if (tile >= end) return;
    const T* a = in_.a + tile * height_ * in_.a_row + (step + from) * in_.a_step;
    if (by_rows_)
      kernels_.copy((end - tile) * height_, until - from, a, in_.a_row, to + from, packed_row_);
    else
      kernels_.deal(until - from, end - tile, a, in_.a_step, to + from * height_, packed_tile_);
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
    pile_.fetch.every = kNever;
  }

  // Tiles [tile, end) of the panel; tile 0 of packed A is at `packed`.
  void run_tiles(const Panel& p, int64_t tile, int64_t end, const T* packed) {
    const bool partial = pile_.last_columns < kernels_.lanes;
    const auto& piles = (partial ? kernels_.partial : kernels_.whole)[p.width > kernels_.lanes];
    if (tile < full_tiles_) {
      place(p, tile * height_);
      pile_.tiles = std::min(end, full_tiles_) - tile;
      if (packs_a_) {
        pile_.a = packed + tile * packed_tile_;
        pile_.a_row = packed_row_;
        pile_.a_step = by_rows_ ? 1 : height_;
        pile_.a_tile = packed_tile_;
      }
      piles[height_ - 1](pile_);
      tile += pile_.tiles;
    }
    for (; tile < end; ++tile) {
      const int64_t row = full_tiles_ * height_ + (tile - full_tiles_) * tail_height_;
      place(p, row);
      pile_.tiles = 1;
      piles[std::min(tail_height_, block_.rows - row) - 1](pile_);
    }
  }

  // Points the pile at row i of A and C.
  void place(const Panel& p, int64_t i) {
    const bool last = p.step + p.depth >= block_.k;
    pile_.a = in_.a + i * in_.a_row + p.step * in_.a_step;
    pile_.a_row = in_.a_row;
    pile_.a_step = in_.a_step;
    pile_.a_tile = height_ * in_.a_row;
    pile_.c = (last ? block_.c : sums_) + i * pile_.c_row + p.column;
    const T* sum = p.step > 0 ? sums_ : (block_.accumulate ? block_.c : nullptr);
    pile_.sum = sum ? sum + i * pile_.sum_row + p.column : nullptr;
  }

  // `total` lines at `at` are to be fetched in the next `steps` steps of k.
  void fetch(const T* at, int64_t inner, int64_t step, int64_t outer, int64_t total,
             int64_t steps) {
    GemmFetch& f = pile_.fetch;
    f.at = reinterpret_cast<const char*>(at);
    f.inner = f.left = inner;
    f.step = step;
    f.jump = outer - inner * step;
    f.every = 1;
    while (2 * f.every * total <= steps && f.every < 64) f.every *= 2;
  }

  void fetch_b(const Panel& p, int64_t from, int64_t until, int64_t steps) {
    const T* b = in_.b + (p.step + from) * in_.b_step + p.column * in_.b_column;
    const bool rows = in_.b_column == 1;
    const int64_t inner = rows ? until - from : p.width;
    const int64_t lines = (rows ? p.width : until - from) * kSize / kCacheLine + 1;
    if (inner > 0)
      fetch(b, inner, (rows ? in_.b_step : in_.b_column) * kSize, kCacheLine, inner * lines, steps);
  }

  // The first group of the units.
  void fetch_a(int64_t step, int64_t unit, int64_t end, int64_t steps) {
    for_group(step, unit, end, [&](int64_t tile, int64_t tile_end, int64_t from, int64_t until) {
      const int64_t rows = (tile_end - tile) * height_;
      const int64_t outer = by_rows_ ? rows : until - from;
      const int64_t lines = (by_rows_ ? until - from : rows) * kSize / kCacheLine + 1;
      const int64_t stride = by_rows_ ? in_.a_row : in_.a_step;
      fetch(in_.a + tile * height_ * in_.a_row + (step + from) * in_.a_step, lines, kCacheLine,
            stride * kSize, outer * lines, steps);
    });
  }

  // The share of panel j in fetching the strip of A that begins with tile `tile`.
  void fetch_strip(int64_t tile, int64_t j, int64_t steps) {
    pile_.fetch.every = kNever;
    if (tile >= full_tiles_) return;
    const int64_t row = tile * height_;
    const int64_t rows = std::min(kStripTiles * height_, block_.rows - row);
    const int64_t outer = by_rows_ ? rows : block_.k;
    const int64_t from = j * outer / panels_, count = (j + 1) * outer / panels_ - from;
    const int64_t lines = (by_rows_ ? block_.k : rows) * kSize / kCacheLine + 1;
    const int64_t stride = by_rows_ ? in_.a_row : in_.a_step;
    if (count <= 0) return;
    fetch(in_.a + row * in_.a_row + from * stride, lines, kCacheLine, stride * kSize,
          count * lines, steps);
  }

  static constexpr int64_t kSize = sizeof(T);

  const GemmKernels<T>& kernels_;
  const GemmBlock<T>& block_;
  const GemmOperands<T>& in_;
  const int64_t width_, height_, depth_, panels_;
  const bool single_pass_, direct_b_, packs_a_;
  T *panels_b_, *packed_a_, *sums_;
  int64_t sum_row_;
  int64_t full_tiles_, tiles_, tail_height_;
  bool by_rows_;
  int64_t packed_row_, packed_tile_;  // elements from row to row and tile to tile of packed A
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
  l.single_pass = k <= depth;
  l.direct_b = uses_b_directly(kernels, strides, rows, columns, k);
  l.packs_a = packs_a(strides, rows, k, panels, l.single_pass);
  l.packed_a = l.direct_b ? 0 : (l.single_pass ? panels : 2) * depth * width;
  const int64_t tiles = ceil_div(rows, kernels.rows);
  const int64_t packed_tiles = l.single_pass ? std::min(kStripTiles, tiles) : 2 * tiles;
  const int64_t packed = packed_tiles * kernels.rows * (depth + (strides.a_step == 1 ? kUnit : 0));
  l.sums = l.packed_a + (l.packs_a ? round_up(packed + kernels.lanes, unit) : 0);
  const int64_t sums = l.single_pass ? 0 : rows * round_up(columns, kernels.lanes);
  l.total = l.sums + round_up(sums, unit);
  return l;
}

template <class T>
void compute_block(const GemmKernels<T>& kernels, const GemmLayout& layout,
                   const GemmBlock<T>& block) {
  if (block.rows > 0 && block.columns > 0) BlockLoops<T>(kernels, layout, block).run();
}

#define KN_INSTANTIATE(T)                                                                      \
  template GemmLayout layout_of(const GemmKernels<T>&, const GemmOperands<T>&, int64_t, int64_t, \
                                int64_t, int64_t);                                             \
  template void compute_block(const GemmKernels<T>&, const GemmLayout&, const GemmBlock<T>&);
KN_INSTANTIATE(float)
KN_INSTANTIATE(double)
#undef KN_INSTANTIATE

}  // namespace kn::cpu
