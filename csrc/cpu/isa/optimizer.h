// Inner loops of optimizer updates; the formulas are in base/update_rules.inc.
#pragma once

#include <cstdint>

namespace kn::cpu {

// One stretch of n elements of one parameter. Outputs may be the same memory as their inputs.
template <class T>
struct UpdateStretch {
  const T* p;
  const T* g;
  const T* slot[3];
  T* new_p;
  T* new_slot[3];
  int64_t n;
};

template <class T>
struct UpdateLoops {
  // (stretch, scalars in the order of the rule, epsilon)
  using Loop = void (*)(const UpdateStretch<T>&, const T* scalars, T epsilon);
#define KN_UPDATE_RULE(name, slots, scalars) Loop name;
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

struct OptimizerTable {
  UpdateLoops<float> f32;
  UpdateLoops<double> f64;
};

}  // namespace kn::cpu
