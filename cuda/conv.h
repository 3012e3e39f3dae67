// Convolution and its gradients as products whose first matrix is never written down (implicit
// GEMM), for the files that compile them: in plain arithmetic (conv.cu), in TF32 (conv_tf32.cu) and
// in halves (conv_halves.cu).
#pragma once

#include "conv_operands.h"
#include "families.h"
#include "gemm_tile.h"
#include "runtime/device.h"
#include "tensor_tile.h"

namespace kn::cuda {

enum class Pass { forward, data, weights };

template <Pass pass>
std::unique_ptr<Kernel> make_conv_tf32(const KernelRequest& r, std::string& refusal);
template <Pass pass>
std::unique_ptr<Kernel> make_conv_halves(const KernelRequest& r, std::string& refusal);

template <class T, Pass pass, bool kTensor>
class Conv : public Kernel {
 public:
  Conv(const KernelRequest& r, const ConvPlaces& g, Opcode activation)
      : g_(g),
        bias_(pass == Pass::weights ? r.attrs.flag("bias", false)
                                    : pass == Pass::forward && r.in.size() == 3),
        relu_(pass == Pass::data && r.attrs.flag("relu", false)),
        activation_(activation) {
    const int64_t in = g_.batch * g_.in_positions, out = g_.batch * g_.out_positions;
    const int64_t taps = g_.taps, channels = g_.group_channels, filters = g_.group_filters;
    if constexpr (pass == Pass::forward) size_ = {g_.groups, out, filters, taps * channels};
    if constexpr (pass == Pass::data) size_ = {g_.groups, in, channels, taps * filters};
    if constexpr (pass == Pass::weights) size_ = {g_.groups, taps * channels + bias_, filters, out};
    choice_ = choose_tile(size_, unit_of<T, kTensor>());
  }

  size_t workspace_bytes() const override { return parts_bytes(size_, choice_, sizeof(SumOf<T>)); }

  void run(const RunArgs& args) const override {
    const T *first = args.input<T>(0), *second = args.input<T>(1);
    T* out = args.output<T>(0);
    if constexpr (pass == Pass::forward) {
      const Epilogue<T> epilogue{bias_ ? args.input<T>(2) : nullptr, activation_};
      run_product(args, ConvForward<T>{{g_}, first, second, out, epilogue});
    }
    if constexpr (pass == Pass::data)
      run_product(args, ConvData<T>{{g_}, first, second, relu_ ? args.input<T>(2) : nullptr, out});
    if constexpr (pass == Pass::weights)
      run_product(args,
                  ConvWeights<T>{{g_}, first, second, out, bias_ ? args.output<T>(1) : nullptr});
  }

 private:
  template <class Operands>
  void run_product(const RunArgs& args, const Operands& operands) const {
    if constexpr (kTensor) multiply_on_tensor_cores(args, size_, choice_, operands);
    else multiply(args, size_, choice_, operands);
  }

  ConvPlaces g_;
  bool bias_, relu_;
  Opcode activation_;
  ProductSize size_;
  TileChoice choice_{Tile::small, 1};
};

template <class T, Pass pass, bool kTensor>
std::unique_ptr<Kernel> make_conv(const KernelRequest& r, std::string& refusal) {
  const TensorType& x = pass == Pass::data ? r.out[0] : r.in[0];
  const TensorType& w = pass == Pass::weights ? r.out[0] : r.in[1];
  Opcode activation;
  if (!find_activation(r, activation, refusal)) return nullptr;
  const ConvPlaces g(conv_geometry(x.shape, w.shape, r.attrs, r.op));
  if (!g.fits()) {
    refusal = "images of 2^31 positions and more are not computed";
    return nullptr;
  }
  return std::make_unique<Conv<T, pass, kTensor>>(r, g, activation);
}

}  // namespace kn::cuda
