// 3 x 3 windows by Winograd's F(4 x 4, 3 x 3): squares of 4 x 4 output pixels, which read 6 x 6
// input pixels, become 36 points where the convolution is a product over channels: 36
// multiplications instead of 144. Windows of 3 in a line: 6 instead of 12. Tiles of all images are
// numbered through; a block of them goes through transform, 36 products and transform back in the
// second cache. Errors of float32 grow about tenfold, which trained networks do not notice; float64
// is left to the direct way.
#include "cpu/conv_winograd.h"

#include "cpu/conv_epilogue.h"
#include "cpu/conv_tiles.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kBlockBytes = 640 << 10;  // of both sides of the products of a block
constexpr Dim kKernelBytes = 1 << 20;   // of a kernel that stays in the second cache
constexpr Dim kBlocks = 8;              // wanted, to share out
constexpr Dim kMostTiles = 96;          // of a block
constexpr Dim kFewestChannels = 16;
// Of a whole convolution: a register tile has as many rows. Kernels beyond the second cache, and
// beyond what its misses hide, take more tiles to pay for their way to the domain; more still where
// tile multipliers offer another way.
constexpr Dim kFewestTiles = 12, kTilesOfLarge = 24, kTilesOfLargeInSheets = 48, kTilesOfHuge = 80;
constexpr Dim kHugeKernelBytes = 16 << 20;

}  // namespace

TileGrid tile_grid(const ConvGeometry& g, bool adjoint) {
  const WindowAxis &h = g.window[1], &w = g.window[2];
  const bool flat = h.window == 1;
  if (!adjoint) return {g.batch, h.in, w.in, h.out, w.out, h.before, w.before, flat};
  return {g.batch, h.out, w.out, h.in, w.in, h.window - 1 - h.before, 2 - w.before, flat};
}

// A kernel too large for the second cache is read again for every block: these are then as large as
// it takes to hide that. Blocks are of one size, and enough to share out.
Dim tiles_of_block(const TileGrid& grid, Dim in, Dim out) {
  const Dim point_bytes = grid.points() * static_cast<Dim>(sizeof(float)), tiles = grid.tiles();
  const Dim fitting =
      std::clamp<Dim>(kBlockBytes / (point_bytes * (in + out)), kFewestTiles, kMostTiles);
  const Dim most = point_bytes * in * out > kKernelBytes ? kMostTiles : fitting;
  const Dim blocks = std::max((tiles + most - 1) / most, std::min(kBlocks, tiles / kFewestTiles));
  const Dim even = (tiles + blocks - 1) / blocks;
  return std::min((even + kFewestTiles - 1) / kFewestTiles * kFewestTiles, kMostTiles);
}

namespace {

Dim domain_bytes(const TileGrid& grid, const ConvGeometry& g) {
  return grid.points() * g.channels * g.filters * static_cast<Dim>(sizeof(float));
}

}  // namespace

bool is_huge(const TileGrid& grid, const ConvGeometry& g) {
  return domain_bytes(grid, g) > kHugeKernelBytes;
}

namespace {

Dim fewest_tiles(const TileGrid& grid, const ConvGeometry& g) {
  if (domain_bytes(grid, g) <= kKernelBytes) return kFewestTiles;
  if (is_huge(grid, g)) return kTilesOfHuge;
  return table().gemm.thirds && suits_sheets(g, ConvPass::forward) ? kTilesOfLargeInSheets
                                                                   : kTilesOfLarge;
}

}  // namespace

bool suits_winograd(const KernelRequest& r, const ConvGeometry& g, bool adjoint,
                    std::string& refusal) {
  const Window& w = g.window;
  const auto three = [](const WindowAxis& a) {
    return a.window == 3 && a.stride == 1 && a.dilation == 1 && a.before <= 2;
  };
  const auto one = [](const WindowAxis& a) {
    return a.window == 1 && a.stride == 1 && a.before == 0 && a.after == 0;
  };
  if (r.in[0].dtype != DType::f32) refusal = "computes float32 only";
  else if (g.groups > 1) refusal = concat_text(g.groups, " groups");
  else if (w[0].in != 1 || !one(w[0]) || !(three(w[1]) || one(w[1])) || !three(w[2]))
    refusal = "the window is not 3 x 3, nor 3 in a line, with strides and dilations of 1";
  else if (g.channels < kFewestChannels || g.filters < kFewestChannels)
    refusal = concat_text("fewer than ", kFewestChannels, " channels or filters");
  else if (const TileGrid grid = tile_grid(g, adjoint); grid.tiles() < fewest_tiles(grid, g))
    refusal = concat_text("fewer than ", fewest_tiles(grid, g), " tiles");
  return refusal.empty();
}

namespace {

// Forward, or the gradient to the input: the same with the kernel turned around.
class Winograd : public Kernel {
 public:
  Winograd(const ConvGeometry& g, bool adjoint, const ConvEpilogue<float>& epilogue, bool masks)
      : grid_(tile_grid(g, adjoint)),
        adjoint_(adjoint),
        epilogue_(epilogue),
        masks_(masks),
        kernels_(table().conv.f32),
        moves_(grid_.flat ? kernels_.line : kernels_.square),
        in_(adjoint ? g.filters : g.channels),
        out_(adjoint ? g.channels : g.filters),
        block_(tiles_of_block(grid_, in_, out_)),
        in_matrix_(block_ * in_ + kWinogradSkew),
        out_matrix_(block_ * out_ + kWinogradSkew),
        slots_(global_pool().threads()) {}

  size_t workspace_bytes() const override {
    return sizeof(float) * (slots_ * slot_elements() + grid_.points() * kernel_matrix() +
                            (adjoint_ ? grid_.taps() * in_ * out_ : 0));
  }

  void run(const RunArgs& args) const override {
    float* slots = static_cast<float*>(args.workspace);
    float* kernel = slots + slots_ * slot_elements();
    const float* w = args.input<float>(1);
    if (adjoint_) w = turned_around(args, kernel + grid_.points() * kernel_matrix());
    transform_kernel(args, w, kernel);
    const Dim tiles = grid_.tiles(), blocks = (tiles + block_ - 1) / block_;
    args.pool->run_chunks_in_slots(
        blocks, tiles * grid_.points() * in_ * out_ / 80, slots_, [&](int64_t block, int slot) {
          compute(args, kernel, block * block_, std::min(block_, tiles - block * block_),
                  slots + slot * slot_elements());
        });
  }

 private:
  Dim slot_elements() const { return grid_.points() * (in_matrix_ + out_matrix_); }
  Dim kernel_matrix() const { return in_ * out_ + kWinogradSkew; }
  Dim width() const { return 2 * kernels_.lanes; }

  // w (3, 3, out, in) as (3, 3, in, out), the taps from last to first.
  const float* turned_around(const RunArgs& args, float* to) const {
    const Dim taps = grid_.taps(), size = in_ * out_;
    args.pool->parallel_for(taps, 1, taps * size / 4, [&](int64_t from, int64_t until) {
      for (Dim tap = from; tap < until; ++tap)
        table().gemm.f32.transpose(out_, in_, args.input<float>(1) + (taps - 1 - tap) * size, in_,
                                   to + tap * size, out_);
    });
    return to;
  }

  // w (3, 3, in, out) to points of panels (in, two vectors).
  void transform_kernel(const RunArgs& args, const float* w, float* kernel) const {
    args.pool->parallel_for(in_, 8, in_ * out_ * 8, [&](int64_t from, int64_t until) {
      WinogradMove m{};
      m.line = 3 * in_ * out_;
      m.pixel = in_ * out_;
      m.bottom = grid_.flat ? 1 : 3;
      m.right = 3;
      m.matrix = kernel_matrix();
      for (Dim i = from; i < until; ++i)
        for (Dim first = 0; first < out_; first += width()) {
          m.channels = std::min(width(), out_ - first);
          m.from = w + i * out_ + first;
          m.to = kernel + first * in_ + i * m.channels;
          moves_.kernel(m);
        }
    });
  }

  void compute(const RunArgs& args, const float* kernel, Dim first, Dim count, float* in) const {
    float* out = in + grid_.points() * in_matrix_;
    Dim at = 0;
    for (Dim t = 0; t < count; ++t) {
      WinogradMove m = grid_.in_square(first + t, in_, at);
      m.from = args.input<float>(0) + at;
      m.to = in + t * in_;
      m.matrix = in_matrix_;
      moves_.input(m);
    }
    for (Dim point = 0; point < grid_.points(); ++point)
      multiply(in + point * in_matrix_, kernel + point * kernel_matrix(), out + point * out_matrix_,
               count);
    for (Dim t = 0; t < count; ++t) {
      WinogradMove m = grid_.out_square(first + t, out_, at);
      m.from = out + t * out_;
      m.to = args.output<float>(0) + at;
      m.matrix = out_matrix_;
      m.bias = epilogue_.bias(args);
      m.relu = epilogue_.relu();
      m.mask = masks_ ? args.input<float>(2) + at : nullptr;
      moves_.output(m);
    }
  }

  // in (count, in) times one point of the kernel.
  void multiply(const float* in, const float* kernel, float* out, Dim count) const {
    ConvPile pile{};
    pile.run_count = 1;
    pile.a_row = in_;
    pile.a_step = 1;
    pile.c_row = out_;
    for (Dim first = 0; first < out_; first += width()) {
      pile.b_step = std::min(width(), out_ - first);
      pile.c = out + first;
      ConvRun run{in, kernel + first * in_, in_};
      run_tiles(kernels_, pile, &run, count, pile.b_step);
    }
  }

  TileGrid grid_;
  bool adjoint_;
  ConvEpilogue<float> epilogue_;
  bool masks_;  // of a gradient: the input was the result of a relu, which is input 2
  const ConvKernels<float>& kernels_;
  const WinogradKernels& moves_;
  Dim in_, out_;
  Dim block_, in_matrix_, out_matrix_;
  int slots_;
};

}  // namespace

std::unique_ptr<Kernel> make_conv_winograd(const KernelRequest& r, std::string& refusal) {
  const ConvGeometry g = geometry_of<ConvPass::forward>(r);
  ConvEpilogue<float> epilogue;
  if (!suits_winograd(r, g, false, refusal) || !parse_epilogue(r, epilogue, refusal))
    return nullptr;
  if (epilogue.activation != Opcode::copy && !epilogue.relu()) {
    refusal = "the activation is not relu";
    return nullptr;
  }
  return std::make_unique<Winograd>(g, false, epilogue, false);
}

std::unique_ptr<Kernel> make_conv_data_winograd(const KernelRequest& r, std::string& refusal) {
  const ConvGeometry g = geometry_of<ConvPass::data>(r);
  if (!suits_winograd(r, g, true, refusal)) return nullptr;
  return std::make_unique<Winograd>(g, true, ConvEpilogue<float>{}, masks_by_relu(r));
}

}  // namespace kn::cpu
