// Help for ops that stand for a longer formula: equal types of several inputs, and the gradient of
// an op from the formula itself.
#pragma once

#include "ops/build.h"

namespace kn::ops {

// The common type of inputs a and b, with every extent that either knows. Throws ValueError where
// they differ.
TensorType same_types(const InferContext& c, int a, int b);

// The common shape, or failure with `what` was expected.
Shape same_shapes(const InferContext& c, const Shape& a, const Shape& b);

// The op's output 0 written with other, differentiable ops.
using Formula = Value (*)(std::span<const Value> inputs, const Attrs& attrs);

// Differentiates the formula in place of the op. For gradients of gradient ops, which are rarely
// wanted: their speed does not matter, but that they are right does.
std::vector<Value> gradient_by(Formula formula, const GradContext& g);

// The dtype of a product's results: that of its operands, or attribute `dtype`, which gives those
// of halves in float32, as their sums are before they are rounded.
DType product_dtype(const InferContext& c);

// The gradients of such a product with results in float32: those of the same with results of its
// operands' dtype.
std::vector<Value> gradients_before_cast(const GradContext& g);

// Keeps size 1 at the last axis.
inline Value sum_last(const Value& x) { return sum(x, {-1}, true); }
inline Value expand_last(const Value& x) { return apply("expand_dims", {x}, {{"axis", -1}}); }

}  // namespace kn::ops
