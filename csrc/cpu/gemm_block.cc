#include "cpu/gemm_block.h"

#include <algorithm>

namespace kn::cpu {

namespace {

constexpr int64_t kCacheLine = 64;

// Height of the next tile. The last two share what remains where it would leave a tile so low that
// its few chains of additions could not keep the multipliers busy.
int64_t tile_height(int64_t remaining, int64_t full) {
  if (remaining > full && remaining < full + 4) return (remaining + 1) / 2;
  return std::min(remaining, full);
}

// Columns [column, column + width) over steps [step, step + depth).
template <class T>
struct Panel {
  int64_t column, width;
  int64_t step, depth;
  const T* next;  // where the next panel of B begins, nullptr after the last
  bool first;     // of its pass over k
};

template <class T>
class BlockLoops {
 public:
  BlockLoops(const GemmKernels<T>& kernels, const GemmBlock<T>& block)
      : kernels_(kernels), block_(block), width_(2 * kernels.lanes) {}

  void run() {
    int64_t step = 0;
    do {
      pass(step, std::min(block_.depth, block_.k - step));
      step += block_.depth;
    } while (step < block_.k);
  }

 private:
  void pass(int64_t step, int64_t depth) {
    const GemmOperands<T>& in = block_.in;
    const bool last = step + depth >= block_.k;
    tile_.k = depth;
    tile_.accumulate = block_.accumulate || step > 0;
    tile_.relu = block_.relu && last;
    tile_.c_row = block_.c_row;
    for (int64_t j = 0; j < block_.columns; j += width_) {
      const bool last_panel = j + width_ >= block_.columns;
      const T* next = in.b + step * in.b_step + (j + width_) * in.b_column;
      if (last_panel) next = last ? nullptr : in.b + (step + depth) * in.b_step;
      tile_.bias = block_.bias && last ? block_.bias + j : nullptr;
      panel({j, std::min(width_, block_.columns - j), step, depth, next, j == 0});
    }
  }

  void panel(const Panel<T>& p) {
    const GemmOperands<T>& in = block_.in;
    const int64_t vectors = p.width > kernels_.lanes ? 2 : 1;
    tile_.last_columns = static_cast<int>(p.width - (vectors - 1) * kernels_.lanes);
    tile_.b = in.b + p.step * in.b_step + p.column * in.b_column;
    tile_.b_step = in.b_step;
    tile_.packed_b = block_.panel_b;
    if (in.b_column != 1) {
      kernels_.transpose(p.width, p.depth, static_cast<const T*>(tile_.b), in.b_column,
                         block_.panel_b, vectors * kernels_.lanes);
      use_packed_b(vectors);
    }
    int64_t index = 0;
    for (int64_t i = 0; i < block_.rows; ++index) {
      const int64_t height = tile_height(block_.rows - i, kernels_.rows);
      row_tile(p, i, height, index, static_cast<int>(vectors));
      i += height;
    }
  }

  void use_packed_b(int64_t vectors) {
    tile_.b = block_.panel_b;
    tile_.b_step = vectors * kernels_.lanes;
  }

  // The tile at row i, the index-th from the top.
  void row_tile(const Panel<T>& p, int64_t i, int64_t height, int64_t index, int vectors) {
    const GemmOperands<T>& in = block_.in;
    const bool partial = tile_.last_columns < kernels_.lanes;
    const bool full = height == kernels_.rows;
    tile_.c = block_.c + i * block_.c_row + p.column;
    tile_.a = in.a + i * in.a_row + p.step * in.a_step;
    tile_.a_row = in.a_row;
    tile_.a_step = in.a_step;
    look_ahead(p, index);
    const bool pack_b = full && index == 0 && in.b_column == 1 && block_.rows >= 3 * kernels_.rows;
    const bool packed_a = full && block_.packed_a;
    tile_.packed_a = packed_a ? block_.packed_a + i * block_.depth : nullptr;
    const bool pack_a = packed_a && p.first && vectors == 2 && !partial;
    if (packed_a && !p.first) {
      tile_.a = tile_.packed_a;
      tile_.a_row = 1;
      tile_.a_step = kernels_.rows;
    }
    const int v = vectors - 1;
    if (pack_a) (pack_b ? kernels_.pack_a_b : kernels_.pack_a)(tile_);
    else if (pack_b) (partial ? kernels_.pack_b_partial : kernels_.pack_b)[v](tile_);
    else (partial ? kernels_.partial : kernels_.whole)[v][height - 1](tile_);
    if (pack_b) use_packed_b(vectors);
  }

  // The lower tiles fetch the next panel of B from far memory, a column of cache lines each.
  void look_ahead(const Panel<T>& p, int64_t index) {
    const int64_t line = block_.rows > kernels_.rows ? index - 1 : index;
    const int64_t lines = width_ * static_cast<int64_t>(sizeof(T)) / kCacheLine + 1;
    tile_.ahead = static_cast<const char*>(tile_.a);
    tile_.ahead_step = 0;
    if (!p.next || line < 0 || line >= lines || block_.in.b_column != 1) return;
    tile_.ahead = reinterpret_cast<const char*>(p.next) + line * kCacheLine;
    tile_.ahead_step = block_.in.b_step * static_cast<int64_t>(sizeof(T));
  }

  const GemmKernels<T>& kernels_;
  const GemmBlock<T>& block_;
  const int64_t width_;
  GemmTile tile_{};
};

}  // namespace

template <class T>
void compute_block(const GemmKernels<T>& kernels, const GemmBlock<T>& block) {
  if (block.rows > 0 && block.columns > 0) BlockLoops<T>(kernels, block).run();
}

template void compute_block(const GemmKernels<float>&, const GemmBlock<float>&);
template void compute_block(const GemmKernels<double>&, const GemmBlock<double>&);

}  // namespace kn::cpu
