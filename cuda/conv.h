// Convolution and its gradients as products whose first matrix is never written down (implicit
// GEMM), for the files that compile them: in plain arithmetic (conv.cu), in TF32 (conv_tf32.cu) and
// in halves (conv_halves.cu), and in both by what compute capability 9.0 adds (conv_hopper.cu).
#pragma once

#include <optional>

#include "conv_operands.h"
#include "families.h"
#include "gemm_tile.h"
#include "runtime/device.h"
#include "tensor_tile.h"

namespace kn::cuda {

enum class Pass { forward, data, weights };

template <Pass pass>
std::unique_ptr<Kernel> make_conv_hopper(const KernelRequest& r, std::string& refusal);
template <Pass pass>
std::unique_ptr<Kernel> make_conv_tf32(const KernelRequest& r, std::string& refusal);
template <Pass pass>
std::unique_ptr<Kernel> make_conv_halves(const KernelRequest& r, std::string& refusal);

// What a pass is, from its request.
template <class T, Pass pass>
struct ConvPlan {
  ConvPlaces g;
  bool bias, relu;
  Opcode activation;
  ProductSize size;

  ConvPlan(const KernelRequest& r, const ConvPlaces& places, Opcode fused)
      : g(places),
        bias(pass == Pass::weights ? r.attrs.flag("bias", false)
                                   : pass == Pass::forward && r.in.size() == 3),
        relu(pass == Pass::data && r.attrs.flag("relu", false)),
        activation(fused) {
    const int64_t in = g.batch * g.in_positions, out = g.batch * g.out_positions;
    const int64_t taps = g.taps, channels = g.group_channels, filters = g.group_filters;
    if constexpr (pass == Pass::forward) size = {g.groups, out, filters, taps * channels};
    if constexpr (pass == Pass::data) size = {g.groups, in, channels, taps * filters};
    if constexpr (pass == Pass::weights) size = {g.groups, taps * channels + bias, filters, out};
  }

  auto operands(const RunArgs& args) const {
    const T *first = args.input<T>(0), *second = args.input<T>(1);
    T* out = args.output<T>(0);
    if constexpr (pass == Pass::forward)
      return ConvForward<T>{
          {g}, first, second, out, {bias ? args.input<T>(2) : nullptr, activation}};
    else if constexpr (pass == Pass::data)
      return ConvData<T>{{g}, first, second, relu ? args.input<T>(2) : nullptr, out};
    else return ConvWeights<T>{{g}, first, second, out, bias ? args.output<T>(1) : nullptr};
  }
};

template <class T, Pass pass, bool kTensor>
class Conv : public Kernel {
 public:
  explicit Conv(const ConvPlan<T, pass>& plan)
      : plan_(plan), choice_(choose_tile(plan.size, unit_of<T, kTensor>())) {}

  size_t workspace_bytes() const override {
    return parts_bytes(plan_.size, choice_, sizeof(SumOf<T>));
  }

  void run(const RunArgs& args) const override {
    if constexpr (kTensor)
      multiply_on_tensor_cores(args, plan_.size, choice_, plan_.operands(args));
    else multiply(args, plan_.size, choice_, plan_.operands(args));
  }

 private:
  ConvPlan<T, pass> plan_;
  TileChoice choice_;
};

template <class T, Pass pass>
std::optional<ConvPlan<T, pass>> plan_conv(const KernelRequest& r, std::string& refusal) {
  const TensorType& x = pass == Pass::data ? r.out[0] : r.in[0];
  const TensorType& w = pass == Pass::weights ? r.out[0] : r.in[1];
  Opcode activation;
  if (!find_activation(r, activation, refusal)) return {};
  const ConvPlaces g(conv_geometry(x.shape, w.shape, r.attrs, r.op));
  if (!g.fits()) {
    refusal = "images of 2^31 positions and more are not computed";
    return {};
  }
  return ConvPlan<T, pass>(r, g, activation);
}

template <class T, Pass pass, bool kTensor>
std::unique_ptr<Kernel> make_conv(const KernelRequest& r, std::string& refusal) {
  const auto plan = plan_conv<T, pass>(r, refusal);
  return plan ? std::make_unique<Conv<T, pass, kTensor>>(*plan) : nullptr;
}

}  // namespace kn::cuda
