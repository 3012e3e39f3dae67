// The gradient of a convolution to its kernel in Winograd's domain: there it is a sum over tiles of
// products of the input's points with those of the output's gradient. Groups of blocks have a sum
// each, taken back to taps and added in order.
#include "cpu/conv_bias.h"
#include "cpu/conv_tiles.h"
#include "cpu/conv_winograd.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

class WinogradWeights : public Kernel {
 public:
  WinogradWeights(const ConvGeometry& g, bool bias)
      : bias_(bias),
        grid_(tile_grid(g, false)),
        kernels_(table().conv.f32),
        moves_(grid_.flat ? kernels_.line : kernels_.square),
        in_(g.channels),
        out_(g.filters),
        block_(tiles_of_block(grid_, in_, out_)),
        in_matrix_(block_ * in_ + kWinogradSkew),
        out_matrix_(block_ * out_ + kWinogradSkew),
        blocks_((grid_.tiles() + block_ - 1) / block_),
        sums_(std::min(blocks_, std::clamp<Dim>(kSumBytes / (36 * in_ * out_), 4, kMostSums))),
        slots_(global_pool().threads()) {}

  size_t workspace_bytes() const override {
    return sizeof(float) * (slots_ * slot_elements() + (sums_ - 1) * sum_elements());
  }

  void run(const RunArgs& args) const override {
    float* slots = static_cast<float*>(args.workspace);
    float* out = args.output<float>(0);
    const auto sum = [&](Dim i) {
      return i == 0 ? out : slots + slots_ * slot_elements() + (i - 1) * sum_elements();
    };
    args.pool->run_chunks_in_slots(
        sums_, grid_.tiles() * grid_.points() * in_ * out_ / 80, slots_, [&](int64_t i, int slot) {
          add_blocks(args, blocks_ * i / sums_, blocks_ * (i + 1) / sums_, sum(i),
                     i > 0 || !bias_ ? sum(i) + weights() : args.output<float>(1),
                     slots + slot * slot_elements());
        });
    args.pool->parallel_for(weights(), 4096, weights() * sums_ / 8, [&](int64_t from, int64_t to) {
      for (Dim i = 1; i < sums_; ++i) kernels_.add(to - from, sum(i) + from, out + from);
    });
    for (Dim i = 1; bias_ && i < sums_; ++i)
      kernels_.add(out_, sum(i) + weights(), args.output<float>(1));
  }

 private:
  static constexpr Dim kMostSums = 16, kSumBytes = 2 << 20;

  Dim weights() const { return grid_.taps() * in_ * out_; }
  Dim sum_elements() const { return weights() + (bias_ ? out_ : 0); }
  Dim sum_matrix() const { return in_ * out_ + kWinogradSkew; }
  Dim slot_elements() const { return grid_.points() * (in_matrix_ + out_matrix_ + sum_matrix()); }

  void add_blocks(const RunArgs& args, Dim from, Dim to, float* w, float* bias, float* in) const {
    float *out = in + grid_.points() * in_matrix_, *sums = out + grid_.points() * out_matrix_;
    for (Dim block = from; block < to; ++block) {
      const Dim first = block * block_, count = std::min(block_, grid_.tiles() - first);
      transform_block(args, first, count, in, out);
      for (Dim point = 0; point < grid_.points(); ++point)
        multiply(in + point * in_matrix_, out + point * out_matrix_, sums + point * sum_matrix(),
                 count, block > from);
      // Point (1, 1) of a tile of dy is the sum of its pixels.
      if (bias_)
        sum_rows(kernels_, out + (grid_.flat ? 1 : 7) * out_matrix_, count, out_, out_, bias,
                 block > from);
    }
    WinogradMove m{};
    m.channels = out_;
    m.line = 3 * in_ * out_;
    m.pixel = in_ * out_;
    m.bottom = grid_.flat ? 1 : 3;
    m.right = 3;
    m.matrix = sum_matrix();
    for (Dim i = 0; i < in_; ++i) {
      m.from = sums + i * out_;
      m.to = w + i * out_;
      moves_.kernel_back(m);
    }
  }

  void transform_block(const RunArgs& args, Dim first, Dim count, float* in, float* out) const {
    Dim at = 0;
    for (Dim t = 0; t < count; ++t) {
      WinogradMove m = grid_.in_square(first + t, in_, at);
      m.from = args.input<float>(0) + at;
      m.to = in + t * in_;
      m.matrix = in_matrix_;
      moves_.input(m);
      m = grid_.out_square(first + t, out_, at);
      m.from = args.input<float>(1) + at;
      m.to = out + t * out_;
      m.matrix = out_matrix_;
      moves_.spread(m);
    }
  }

  void multiply(const float* in, const float* out, float* sum, Dim count, bool accumulate) const {
    ConvPile pile{};
    pile.run_count = 1;
    pile.a_row = 1;
    pile.a_step = in_;
    pile.b_step = pile.c_row = out_;
    pile.accumulate = accumulate;
    const Dim width = 2 * kernels_.lanes;
    for (Dim first = 0; first < out_; first += width) {
      pile.c = sum + first;
      ConvRun run{in, out + first, count};
      run_tiles(kernels_, pile, &run, in_, std::min(width, out_ - first));
    }
  }

  bool bias_;
  TileGrid grid_;
  const ConvKernels<float>& kernels_;
  const WinogradKernels& moves_;
  Dim in_, out_;
  Dim block_, in_matrix_, out_matrix_, blocks_, sums_;
  int slots_;
};

}  // namespace

std::unique_ptr<Kernel> make_conv_weights_winograd(const KernelRequest& r, std::string& refusal) {
  const ConvGeometry g = geometry_of<ConvPass::weights>(r);
  if (!suits_winograd(r, g, false, refusal)) return nullptr;
  if (is_huge(tile_grid(g, false), g) && table().gemm.thirds &&
      suits_sheets(g, ConvPass::weights)) {
    refusal = "a huge kernel, and tile multipliers";
    return nullptr;
  }
  return std::make_unique<WinogradWeights>(g, wants_bias(r));
}

}  // namespace kn::cpu
