// A window of one cell with stride 1 makes a convolution the product of all pixels with one matrix;
// a window that covers the whole input makes it the product of all images with one.
#include <algorithm>

#include "cpu/conv.h"
#include "cpu/conv_bias.h"
#include "cpu/conv_epilogue.h"
#include "cpu/gemm.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

template <class T, ConvPass pass>
class ConvProduct : public Kernel {
 public:
  ConvProduct(const GemmShape& shape, const ConvEpilogue<T>& epilogue, bool masks, bool bias)
      : gemm_(shape),
        epilogue_(epilogue),
        masks_(masks),
        bias_(bias),
        bias_sum_(shape.k, shape.n),
        gemm_bytes_(aligned(gemm_.workspace_bytes())) {}
  size_t workspace_bytes() const override {
    return gemm_bytes_ + (bias_ ? bias_sum_.workspace_bytes() : 0);
  }
  void run(const RunArgs& args) const override {
    gemm_.run(args.in[0], args.in[1], args.out[0],
              pass == ConvPass::forward ? epilogue_.of(args) : Epilogue{}, args.pool,
              args.workspace);
    if (bias_) bias_sum_.run(args, static_cast<char*>(args.workspace) + gemm_bytes_);
    if (!masks_) return;
    const int64_t size = gemm_.shape().m * gemm_.shape().n;
    args.pool->parallel_for(size, 1 << 14, size / 4, [&](int64_t from, int64_t to) {
      mask_by_relu(args.output<T>(0) + from, args.input<T>(2) + from, to - from);
    });
  }

 private:
  Gemm gemm_;
  ConvEpilogue<T> epilogue_;
  bool masks_;  // of a gradient: the input was the result of a relu, which is input 2
  bool bias_;   // of a gradient to weights: that to the bias is output 1
  BiasSum<T> bias_sum_;
  size_t gemm_bytes_;
};

// Whether each output cell reads its own cells of the input, all of them in order.
bool is_product(const ConvGeometry& g, std::string& refusal) {
  if (g.groups > 1) {
    refusal = concat_text(g.groups, " groups");
    return false;
  }
  bool cell = true, all = true;
  for (const WindowAxis& a : g.window.axes) {
    cell = cell && a.window == 1 && (a.stride == 1 || a.in == 1);
    all = all && a.window == a.in && (a.dilation == 1 || a.window == 1);
  }
  if ((cell || all) && !g.window.padded()) return true;
  refusal = "the window is neither one cell nor all of the input";
  return false;
}

template <class T, ConvPass pass>
std::unique_ptr<Kernel> make(const KernelRequest& r, const GemmShape& shape, std::string& refusal) {
  ConvEpilogue<T> epilogue;
  if (pass == ConvPass::forward && !parse_epilogue(r, epilogue, refusal)) return nullptr;
  return std::make_unique<ConvProduct<T, pass>>(shape, epilogue,
                                                pass == ConvPass::data && masks_by_relu(r),
                                                pass == ConvPass::weights && wants_bias(r));
}

}  // namespace

template <ConvPass pass>
std::unique_ptr<Kernel> make_conv_product(const KernelRequest& r, std::string& refusal) {
  const ConvGeometry g = geometry_of<pass>(r);
  if (!is_product(g, refusal)) return nullptr;
  const GemmShape s = product_of<pass>(r.in[0].dtype, g.batch * g.window.out_positions(),
                                       g.window.taps() * g.channels, g.filters);
  if (s.dtype == DType::f32) return make<float, pass>(r, s, refusal);
  if (s.dtype == DType::f64) return make<double, pass>(r, s, refusal);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

template std::unique_ptr<Kernel> make_conv_product<ConvPass::forward>(const KernelRequest&,
                                                                      std::string&);
template std::unique_ptr<Kernel> make_conv_product<ConvPass::data>(const KernelRequest&,
                                                                   std::string&);
template std::unique_ptr<Kernel> make_conv_product<ConvPass::weights>(const KernelRequest&,
                                                                      std::string&);

}  // namespace kn::cpu
