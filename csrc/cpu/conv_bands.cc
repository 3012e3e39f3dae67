// Convolution as products of bands of columns with the kernel (cpu/conv_columns.h). Images, or
// fixed groups of images where weights are summed, are the pieces that threads take, so results do
// not depend on how many there are.
#include <algorithm>
#include <cstring>

#include "cpu/conv.h"
#include "cpu/conv_bias.h"
#include "cpu/conv_columns.h"
#include "cpu/conv_epilogue.h"
#include "cpu/gemm.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kBandBytes = 256 << 10;  // of columns: half of a small second cache
constexpr Dim kMinBand = 16;           // output cells
constexpr Dim kWeightSums = 8;         // partial gradients of the kernel, added in order

// How one image is cut, and what a thread needs.
template <class T, ConvPass pass>
class ConvBands : public Kernel {
 public:
  ConvBands(const ConvGeometry& g, const ConvEpilogue<T>& epilogue, bool masks, bool bias)
      : g_(g),
        epilogue_(epilogue),
        masks_(masks),
        bias_(bias),
        inner_(g.window.taps() * g.group_channels()),
        cells_(g.window.out_positions()),
        slots_(global_pool().threads()),
        bands_(count_bands()),
        band_(bands_ ? (cells_ + bands_ - 1) / bands_ : 0),
        full_(product(band_)),
        rest_(product(cells_ - (bands_ - 1) * band_)) {
    columns_bytes_ = aligned(sizeof(T) * band_ * inner_);
    slot_bytes_ =
        columns_bytes_ + aligned(std::max(full_.workspace_bytes(), rest_.workspace_bytes()));
  }

  size_t workspace_bytes() const override {
    return slots_ * slot_bytes_ + (sums() > 1 ? (sums() - 1) * sum_bytes() : 0);
  }

  void run(const RunArgs& args) const override {
    auto* slots = static_cast<char*>(args.workspace);
    char* partial = slots + slots_ * slot_bytes_;
    if constexpr (pass == ConvPass::weights) {
      sum_weights(args, slots, partial);
    } else {
      args.pool->run_chunks_in_slots(g_.batch, cost(), slots_, [&](int64_t n, int slot) {
        image_pass(args, n, nullptr, nullptr, slots + slot * slot_bytes_);
      });
    }
  }

 private:
  Dim count_bands() const {
    const Dim most = std::max(kMinBand, kBandBytes / std::max<Dim>(sizeof(T) * inner_, 1));
    return (cells_ + most - 1) / most;
  }

  // forward: columns (cells, inner) · w = y.  data: y · wᵀ = columns.  weights: columnsᵀ · y += w.
  Gemm product(Dim cells) const {
    GemmShape s;
    s.dtype = dtype_of<T>::value;
    const Dim filters = g_.group_filters();
    if (pass == ConvPass::forward) {
      s.m = cells, s.k = inner_, s.n = filters;
      s.ldb = s.ldc = g_.filters;
    } else if (pass == ConvPass::data) {
      s.m = cells, s.k = filters, s.n = inner_;
      s.transpose_b = true;
      s.lda = s.ldb = g_.filters;
    } else {
      s.m = inner_, s.k = cells, s.n = filters;
      s.transpose_a = true;
      s.ldb = s.ldc = g_.filters;
      s.accumulate = true;
    }
    return Gemm::single_threaded(s);
  }

  int64_t cost() const { return g_.batch * g_.groups * bands_ * full_.cost(); }
  Dim sums() const { return pass == ConvPass::weights ? std::min(kWeightSums, g_.batch) : 1; }
  Dim weight_count() const { return inner_ * g_.filters; }
  // The weights, and the bias behind them.
  Dim sum_count() const { return weight_count() + (bias_ ? g_.filters : 0); }
  size_t sum_bytes() const { return aligned(sizeof(T) * sum_count()); }

  // All bands of image n. `weights` and `bias` are where a weight pass adds up.
  void image_pass(const RunArgs& args, Dim n, T* weights, T* bias, char* slot) const {
    T* columns = reinterpret_cast<T*>(slot);
    void* workspace = slot + columns_bytes_;
    const Dim x_size = g_.window.in_positions() * g_.channels, y_size = cells_ * g_.filters;
    if (pass == ConvPass::data) std::fill_n(args.output<T>(0) + n * x_size, x_size, T(0));
    if (bias)
      sum_rows(conv_kernels_of<T>(), args.input<T>(1) + n * y_size, cells_, g_.filters, g_.filters,
               bias, true);
    for (Dim group = 0; group < g_.groups; ++group)
      for (Dim b = 0; b < bands_; ++b) {
        const Band band{b * band_, std::min(band_, cells_ - b * band_), group};
        const Gemm& gemm = band.count == band_ ? full_ : rest_;
        const Dim y_at = n * y_size + band.from * g_.filters + group * g_.group_filters();
        const Dim w_at = group * g_.group_filters();
        if constexpr (pass == ConvPass::forward) {
          gather_columns(g_, band, args.input<T>(0) + n * x_size, columns);
          Epilogue epilogue = epilogue_.of(args);
          if (epilogue.bias) epilogue.bias = epilogue_.bias(args) + w_at;
          gemm.run(columns, args.input<T>(1) + w_at, args.output<T>(0) + y_at, epilogue, nullptr,
                   workspace);
        } else if constexpr (pass == ConvPass::data) {
          gemm.run(args.input<T>(0) + y_at, args.input<T>(1) + w_at, columns, {}, nullptr,
                   workspace);
          scatter_columns(g_, band, columns, args.output<T>(0) + n * x_size);
        } else {
          gather_columns(g_, band, args.input<T>(0) + n * x_size, columns);
          gemm.run(columns, args.input<T>(1) + y_at, weights + w_at, {}, nullptr, workspace);
        }
      }
    if (masks_) mask_by_relu(args.output<T>(0) + n * x_size, args.input<T>(2) + n * x_size, x_size);
  }

  void sum_weights(const RunArgs& args, char* slots, char* partial) const {
    T* out = args.output<T>(0);
    T* bias = bias_ ? args.output<T>(1) : nullptr;
    const Dim n = sums();
    if (n == 0) {
      std::fill_n(out, weight_count(), T(0));
      if (bias) std::fill_n(bias, g_.filters, T(0));
      return;
    }
    auto sum = [&](Dim i) {
      return i == 0 ? out : reinterpret_cast<T*>(partial + (i - 1) * sum_bytes());
    };
    auto bias_sum = [&](Dim i) { return i == 0 || !bias_ ? bias : sum(i) + weight_count(); };
    args.pool->run_chunks_in_slots(n, cost(), slots_, [&](int64_t i, int slot) {
      std::fill_n(sum(i), weight_count(), T(0));
      if (bias_) std::fill_n(bias_sum(i), g_.filters, T(0));
      for (Dim image = g_.batch * i / n; image < g_.batch * (i + 1) / n; ++image)
        image_pass(args, image, sum(i), bias_sum(i), slots + slot * slot_bytes_);
    });
    const ConvKernels<T>& kernels = conv_kernels_of<T>();
    args.pool->parallel_for(weight_count(), 4096, weight_count() * n / 4,
                            [&](int64_t from, int64_t to) {
                              for (Dim i = 1; i < n; ++i)
                                kernels.add(to - from, sum(i) + from, out + from);
                            });
    for (Dim i = 1; bias_ && i < n; ++i) kernels.add(g_.filters, bias_sum(i), bias);
  }

  ConvGeometry g_;
  ConvEpilogue<T> epilogue_;  // of a forward pass
  bool masks_;                // of a data pass: x was the result of a relu, which is input 2
  bool bias_;                 // of a weight pass: the gradient to the bias is output 1
  Dim inner_;                 // taps * C / groups: a row of columns
  Dim cells_;                 // output cells of an image
  int slots_;
  Dim bands_, band_;  // of an image; cells of a band, the last one may have fewer
  Gemm full_, rest_;
  size_t columns_bytes_ = 0, slot_bytes_ = 0;
};

template <class T, ConvPass pass>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string& refusal) {
  ConvEpilogue<T> epilogue;
  if (pass == ConvPass::forward && !parse_epilogue(r, epilogue, refusal)) return nullptr;
  return std::make_unique<ConvBands<T, pass>>(geometry_of<pass>(r), epilogue,
                                              pass == ConvPass::data && masks_by_relu(r),
                                              pass == ConvPass::weights && wants_bias(r));
}

}  // namespace

template <ConvPass pass>
std::unique_ptr<Kernel> make_conv_bands(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return make<float, pass>(r, refusal);
  if (r.in[0].dtype == DType::f64) return make<double, pass>(r, refusal);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

template std::unique_ptr<Kernel> make_conv_bands<ConvPass::forward>(const KernelRequest&,
                                                                    std::string&);
template std::unique_ptr<Kernel> make_conv_bands<ConvPass::data>(const KernelRequest&,
                                                                 std::string&);
template std::unique_ptr<Kernel> make_conv_bands<ConvPass::weights>(const KernelRequest&,
                                                                    std::string&);

}  // namespace kn::cpu
