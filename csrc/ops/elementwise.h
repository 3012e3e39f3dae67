// What the files of the elementwise family share: one gradient function per op of
// base/elementwise_ops.inc, found by the op's name.
#pragma once

#include "ops/build.h"

namespace kn::ops::elementwise_gradient {

#define KN_OP(name, arity, accepts, result) std::vector<Value> name(const GradContext& g);
#include "base/elementwise_ops.inc"
#undef KN_OP

}  // namespace kn::ops::elementwise_gradient
