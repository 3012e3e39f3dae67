// Table of the vectorised transcendental functions, each within 4 ulp of the true value.
#pragma once

#include <cstdint>

namespace kn::cpu {

struct VecMathTable {
  void (*exp_f32)(const float* x, float* y, int64_t n);
};

}  // namespace kn::cpu
