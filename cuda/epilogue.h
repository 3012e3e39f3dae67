// What is fused to a product before it is stored: a bias along its columns and an activation.
#pragma once

#include <string>
#include <type_traits>

#include "base/program.h"
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

template <class T>
struct Epilogue {
  const T* bias;
  Opcode activation;

  __device__ T operator()(T sum, int64_t column) const {
    if (bias) sum += bias[column];
    if constexpr (std::is_floating_point_v<T>) {
      constexpr T kScale = static_cast<T>(kSeluScale);
      constexpr T kSlope = static_cast<T>(kSeluScale * kSeluAlpha);
      switch (activation) {
        case Opcode::relu: return sum < 0 ? T(0) : sum;
        case Opcode::sigmoid: return sigmoid(sum);
        case Opcode::hard_sigmoid: {
          const T y = T(0.2) * sum + T(0.5);
          return y < 0 ? T(0) : y > 1 ? T(1) : y;
        }
        case Opcode::tanh: return std::tanh(sum);
        case Opcode::softplus: return softplus(sum);
        case Opcode::softsign: return sum / (1 + std::fabs(sum));
        case Opcode::selu: return sum < 0 ? kSlope * std::expm1(sum) : kScale * sum;
        case Opcode::exp: return std::exp(sum);
        default: return sum;
      }
    } else {
      return sum;
    }
  }
};

}  // namespace kn::cuda
