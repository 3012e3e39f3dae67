#include <algorithm>

#include "cpu/ref/gemm.h"
#include "cpu/ref/window.h"

namespace kn::cpu::ref {

namespace {

enum class Pass { forward, data, weights };

// One multiply-add per (image, output cell, tap, group, channel, filter); which of the three
// tensors is accumulated into is the only difference between the passes.
template <class T, Pass pass>
class Conv : public Kernel {
 public:
  Conv(const ConvGeometry& g, Opcode activation, bool has_bias, bool relu_mask)
      : g_(g), activation_(activation), has_bias_(has_bias), relu_mask_(relu_mask) {}

  // forward: x, w [, bias] -> y.  data: y, w -> x.  weights: x, y -> w [, bias].
  void run(const RunArgs& args) const override {
    const Dim x_size = g_.batch * g_.window.in_positions() * g_.channels;
    const Dim y_size = g_.batch * g_.window.out_positions() * g_.filters;
    const Dim w_size = g_.window.taps() * g_.group_channels() * g_.filters;
    T* x = const_cast<T*>(pass == Pass::data ? args.output<T>(0) : args.input<T>(0));
    T* y = const_cast<T*>(pass == Pass::forward ? args.output<T>(0)
                                                : args.input<T>(pass == Pass::data ? 0 : 1));
    T* w = const_cast<T*>(pass == Pass::weights ? args.output<T>(0) : args.input<T>(1));
    if (pass == Pass::forward) std::fill(y, y + y_size, T(0));
    if (pass == Pass::data) std::fill(x, x + x_size, T(0));
    if (pass == Pass::weights) std::fill(w, w + w_size, T(0));
    for (Dim n = 0; n < g_.batch; ++n) {
      T* image = x + n * g_.window.in_positions() * g_.channels;
      T* result = y + n * g_.window.out_positions() * g_.filters;
      for_each_tap(g_.window, [&](Dim out, Dim tap, Dim in) {
        add_products(image + in * g_.channels, w + tap * g_.group_channels() * g_.filters,
                     result + out * g_.filters);
      });
    }
    if (pass == Pass::weights && has_bias_) {
      std::fill_n(args.output<T>(1), g_.filters, T(0));
      for (Dim i = 0; i < y_size; ++i) args.output<T>(1)[i % g_.filters] += y[i];
    }
    if (relu_mask_)
      for (Dim i = 0; i < x_size; ++i) x[i] = args.input<T>(2)[i] > 0 ? x[i] : T(0);
    if (pass != Pass::forward) return;
    for (Dim i = 0; i < y_size; ++i) {
      const T sum = y[i] + (has_bias_ ? args.input<T>(2)[i % g_.filters] : T(0));
      y[i] = static_cast<T>(activated(sum, activation_));
    }
  }

 private:
  // x (C), w (C / groups, F), y (F)
  void add_products(T* x, T* w, T* y) const {
    const Dim channels = g_.group_channels(), filters = g_.group_filters();
    for (Dim group = 0; group < g_.groups; ++group)
      for (Dim c = 0; c < channels; ++c)
        for (Dim f = 0; f < filters; ++f) {
          T& xe = x[group * channels + c];
          T& we = w[c * g_.filters + group * filters + f];
          T& ye = y[group * filters + f];
          if constexpr (pass == Pass::forward) ye += xe * we;
          if constexpr (pass == Pass::data) xe += ye * we;
          if constexpr (pass == Pass::weights) we += xe * ye;
        }
  }

  ConvGeometry g_;
  Opcode activation_;
  bool has_bias_;
  bool relu_mask_;  // of a data pass: x was the result of a relu, which is input 2
};

template <Pass pass>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string& refusal) {
  const TensorType& x = pass == Pass::data ? r.out[0] : r.in[0];
  const TensorType& w = pass == Pass::weights ? r.out[0] : r.in[1];
  const ConvGeometry g = conv_geometry(x.shape, w.shape, r.attrs, r.op);
  Opcode activation = Opcode::copy;
  if (pass == Pass::forward && !parse_activation(r.attrs.text("activation", ""), activation)) {
    refusal = "activation " + r.attrs.text("activation") + " has no epilogue";
    return nullptr;
  }
  const bool bias = pass == Pass::weights ? r.attrs.flag("bias", false) : r.in.size() == 3;
  const bool mask = pass == Pass::data && r.attrs.flag("relu", false);
  if (x.dtype == DType::f32) return std::make_unique<Conv<float, pass>>(g, activation, bias, mask);
  if (x.dtype == DType::f64) return std::make_unique<Conv<double, pass>>(g, activation, bias, mask);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_conv(const KernelRequest& r, std::string& refusal) {
  return make<Pass::forward>(r, refusal);
}
std::unique_ptr<Kernel> make_conv_data(const KernelRequest& r, std::string& refusal) {
  return make<Pass::data>(r, refusal);
}
std::unique_ptr<Kernel> make_conv_weights(const KernelRequest& r, std::string& refusal) {
  return make<Pass::weights>(r, refusal);
}

}  // namespace kn::cpu::ref
