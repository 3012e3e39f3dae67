#include "cpu/gemm.h"

namespace kn::cpu {

bool parse_activation(std::string_view name, Activation& activation) {
  if (name.empty() || name == "linear") activation = Activation::linear;
  else if (name == "relu") activation = Activation::relu;
  else if (name == "sigmoid") activation = Activation::sigmoid;
  else if (name == "tanh") activation = Activation::tanh;
  else return false;
  return true;
}

}  // namespace kn::cpu
