// Convolution as a product with the columns of several images at once (cpu/conv_columns.h): a
// *sheet*. All threads share each product, so a large kernel goes past once for a sheet, where the
// ways that give threads images of their own read it for each image. For late layers: few cells,
// many channels.
#include <algorithm>

#include "cpu/conv.h"
#include "cpu/conv_bias.h"
#include "cpu/conv_columns.h"
#include "cpu/conv_epilogue.h"
#include "cpu/gemm.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kSheetBytes = 8 << 20;   // of columns
constexpr Dim kImageBytes = 16 << 20;  // of one image's: a sheet has one image at least
constexpr Dim kGatherCells = 8;        // of an image, that a thread takes at a time
// Tile multipliers are so much faster than tiles over taps that columns pay from here on.
constexpr Dim kTileChannels = 32, kTileFilters = 96, kTileInner = 128;
// Elsewhere they do where reading the kernel again and again is what takes the time: for gradients
// to kernels, which are written as well, and for products of few rows with larger ones.
constexpr Dim kLargeKernelBytes = 2 << 20, kHugeKernelBytes = 4 << 20, kFewRows = 512;

}  // namespace

bool suits_sheets(const ConvGeometry& g, ConvPass pass) {
  const Dim inner = g.window.taps() * g.channels, cells = g.window.out_positions();
  const Dim rows = g.batch * cells, size = sizeof(float);
  if (g.groups > 1 || rows == 0 || cells * inner * size > kImageBytes) return false;
  if (table().gemm.thirds)
    return g.channels >= kTileChannels && g.filters >= kTileFilters && inner >= kTileInner;
  const Dim bytes = inner * g.filters * size;
  if (pass == ConvPass::weights) return bytes >= kLargeKernelBytes;
  return bytes >= kHugeKernelBytes && rows <= kFewRows;
}

namespace {

template <ConvPass pass>
class ConvSheets : public Kernel {
 public:
  ConvSheets(const ConvGeometry& g, const ConvEpilogue<float>& epilogue, bool masks, bool bias)
      : g_(g),
        epilogue_(epilogue),
        masks_(masks),
        bias_(bias),
        bias_sum_(g.batch * g.window.out_positions(), g.filters),
        inner_(g.window.taps() * g.channels),
        cells_(g.window.out_positions()),
        images_(images_of_sheet()),
        first_(product(images_, false)),
        next_(product(images_, true)),
        last_(product(g.batch % images_ ? g.batch % images_ : images_, true)),
        columns_bytes_(aligned(sizeof(float) * images_ * cells_ * inner_)) {}

  size_t workspace_bytes() const override {
    return columns_bytes_ +
           std::max({first_.workspace_bytes(), next_.workspace_bytes(), last_.workspace_bytes(),
                     bias_ ? bias_sum_.workspace_bytes() : 0});
  }

  void run(const RunArgs& args) const override {
    for (Dim image = 0; image < g_.batch; image += images_) {
      const Dim count = std::min(images_, g_.batch - image);
      const Gemm& gemm = image == 0 ? first_ : count == images_ ? next_ : last_;
      sheet(args, gemm, image, count);
    }
    if (bias_) bias_sum_.run(args, static_cast<char*>(args.workspace) + columns_bytes_);
  }

 private:
  // Sheets of one size, but for the last.
  Dim images_of_sheet() const {
    const Dim most =
        std::max<Dim>(1, kSheetBytes / (static_cast<Dim>(sizeof(float)) * cells_ * inner_));
    const Dim sheets = (g_.batch + most - 1) / most;
    return (g_.batch + sheets - 1) / sheets;
  }

  Gemm product(Dim images, bool accumulate) const {
    GemmShape s = product_of<pass>(DType::f32, images * cells_, inner_, g_.filters);
    s.accumulate = pass == ConvPass::weights && accumulate;
    return Gemm(s);
  }

  void sheet(const RunArgs& args, const Gemm& gemm, Dim image, Dim count) const {
    float* columns = static_cast<float*>(args.workspace);
    void* workspace = static_cast<char*>(args.workspace) + columns_bytes_;
    const Dim x_size = g_.window.in_positions() * g_.channels, y_size = cells_ * g_.filters;
    if constexpr (pass == ConvPass::data) {
      gemm.run(args.input<float>(0) + image * y_size, args.input<float>(1), columns, {}, args.pool,
               workspace);
      scatter(args, columns, image, count, x_size);
    } else {
      gather(args, columns, args.input<float>(0) + image * x_size, count, x_size);
      if constexpr (pass == ConvPass::forward)
        gemm.run(columns, args.input<float>(1), args.output<float>(0) + image * y_size,
                 epilogue_.of(args), args.pool, workspace);
      else
        gemm.run(columns, args.input<float>(1) + image * y_size, args.output<float>(0), {},
                 args.pool, workspace);
    }
  }

  void gather(const RunArgs& args, float* columns, const float* x, Dim count, Dim x_size) const {
    const Dim bands = (cells_ + kGatherCells - 1) / kGatherCells;
    args.pool->parallel_for(
        count * bands, 1, count * cells_ * inner_ / 4, [&](int64_t from, int64_t until) {
          for (Dim i = from; i < until; ++i) {
            const Dim n = i / bands, first = i % bands * kGatherCells;
            gather_columns(g_, {first, std::min(kGatherCells, cells_ - first), 0}, x + n * x_size,
                           columns + (n * cells_ + first) * inner_);
          }
        });
  }

  void scatter(const RunArgs& args, const float* columns, Dim image, Dim count, Dim x_size) const {
    args.pool->parallel_for(
        count, 1, count * cells_ * inner_ / 4, [&](int64_t from, int64_t until) {
          for (Dim n = from; n < until; ++n) {
            float* x = args.output<float>(0) + (image + n) * x_size;
            std::fill_n(x, x_size, 0.0f);
            scatter_columns(g_, {0, cells_, 0}, columns + n * cells_ * inner_, x);
            if (masks_) mask_by_relu(x, args.input<float>(2) + (image + n) * x_size, x_size);
          }
        });
  }

  ConvGeometry g_;
  ConvEpilogue<float> epilogue_;  // of a forward pass
  bool masks_;                    // of a data pass: x was the result of a relu, which is input 2
  bool bias_;                     // of a weight pass: the gradient to the bias is output 1
  BiasSum<float> bias_sum_;
  Dim inner_;   // taps * C: a row of columns
  Dim cells_;   // output cells of an image
  Dim images_;  // of a sheet
  Gemm first_, next_, last_;
  size_t columns_bytes_;
};

}  // namespace

template <ConvPass pass>
std::unique_ptr<Kernel> make_conv_sheets(const KernelRequest& r, std::string& refusal) {
  const ConvGeometry g = geometry_of<pass>(r);
  ConvEpilogue<float> epilogue;
  if (r.in[0].dtype != DType::f32) refusal = "computes float32 only";
  else if (!suits_sheets(g, pass)) refusal = "groups, large images, or too few channels or filters";
  if (!refusal.empty()) return nullptr;
  if (pass == ConvPass::forward && !parse_epilogue(r, epilogue, refusal)) return nullptr;
  return std::make_unique<ConvSheets<pass>>(g, epilogue, pass == ConvPass::data && masks_by_relu(r),
                                            pass == ConvPass::weights && wants_bias(r));
}

template std::unique_ptr<Kernel> make_conv_sheets<ConvPass::forward>(const KernelRequest&,
                                                                     std::string&);
template std::unique_ptr<Kernel> make_conv_sheets<ConvPass::data>(const KernelRequest&,
                                                                  std::string&);
template std::unique_ptr<Kernel> make_conv_sheets<ConvPass::weights>(const KernelRequest&,
                                                                     std::string&);

}  // namespace kn::cpu
