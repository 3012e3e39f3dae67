// What is fused to a product before it is stored: a bias along its columns and an activation.
#pragma once

#include <string>
#include <type_traits>

#include "base/program.h"
#include "halves.h"
#include "runtime/kernel.h"
#include "scalar_math.h"

namespace kn::cuda {

// Those that products know; false for any other name. "" is none.
inline bool parse_activation(const std::string& name, Opcode& activation) {
  activation = Opcode::copy;
  if (name.empty()) return true;
  if (!find_opcode(name, activation)) return false;
  switch (activation) {
    case Opcode::relu:
    case Opcode::sigmoid:
    case Opcode::hard_sigmoid:
    case Opcode::tanh:
    case Opcode::softplus:
    case Opcode::softsign:
    case Opcode::selu:
    case Opcode::exp: return true;
    default: return false;
  }
}

// That of a request; false, with the reason, where it is none of those.
inline bool find_activation(const KernelRequest& r, Opcode& activation, std::string& refusal) {
  if (parse_activation(r.attrs.text("activation", ""), activation)) return true;
  refusal = "activation " + r.attrs.text("activation") + " has no epilogue";
  return false;
}

// Not inlined: it would be most of every kernel's code.
template <class T>
__device__ KN_APART T activate(Opcode activation, T x) {
  constexpr T kScale = static_cast<T>(kSeluScale);
  constexpr T kSlope = static_cast<T>(kSeluScale * kSeluAlpha);
  switch (activation) {
    case Opcode::sigmoid: return sigmoid(x);
    case Opcode::hard_sigmoid: {
      const T y = T(0.2) * x + T(0.5);
      return y < 0 ? T(0) : y > 1 ? T(1) : y;
    }
    case Opcode::tanh: return std::tanh(x);
    case Opcode::softplus: return softplus(x);
    case Opcode::softsign: return x / (1 + std::fabs(x));
    case Opcode::selu: return x < 0 ? kSlope * std::expm1(x) : kScale * x;
    case Opcode::exp: return std::exp(x);
    default: return x;
  }
}

// `Stored` is what lies in memory; the arithmetic is that of sums.
template <class Stored>
struct Epilogue {
  using T = SumOf<Stored>;
  const Stored* bias;
  Opcode activation;

  __device__ T operator()(T sum, int64_t column) const {
    if (bias) sum += widen(bias[column]);
    if (activation == Opcode::copy) return sum;
    if (activation == Opcode::relu) return sum < 0 ? T(0) : sum;
    if constexpr (std::is_floating_point_v<T>) return activate(activation, sum);
    else return sum;
  }
};

}  // namespace kn::cuda
