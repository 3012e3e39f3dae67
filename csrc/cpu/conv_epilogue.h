// Bias and activation of a convolution: attribute `activation`, input 2.
#pragma once

#include "cpu/activation_loop.h"
#include "cpu/gemm.h"
#include "runtime/kernel.h"

namespace kn::cpu {

template <class T>
struct ConvEpilogue {
  bool has_bias = false;
  Opcode activation = Opcode::copy;

  bool relu() const { return activation == Opcode::relu; }
  const T* bias(const RunArgs& args) const { return has_bias ? args.input<T>(2) : nullptr; }
  Epilogue of(const RunArgs& args) const { return {bias(args), activation}; }

  // What tiles do not know, over elements that have just been written.
  void activate(T* y, int64_t n) const {
    if (const TileFn loop = activation_loop<T>(activation))
      loop(y, TileOperands{{y}, {1}, 0, 0}, n);
  }
};

// Whether a gradient to the input is wanted before the relu that input 2 is the result of.
inline bool masks_by_relu(const KernelRequest& r) { return r.attrs.flag("relu", false); }

// dx = 0 where y is not above zero.
template <class T>
void mask_by_relu(T* dx, const T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dx[i] = y[i] > 0 ? dx[i] : T(0);
}

// False, with the reason, where the activation is not one of them.
template <class T>
bool parse_epilogue(const KernelRequest& r, ConvEpilogue<T>& e, std::string& refusal) {
  e.has_bias = r.in.size() == 3;
  if (parse_activation(r.attrs.text("activation", ""), e.activation)) return true;
  refusal = "activation " + r.attrs.text("activation") + " has no epilogue";
  return false;
}

}  // namespace kn::cpu
