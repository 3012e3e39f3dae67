// Gradients of functions of one operand. Where the result is as good as the operand, the result is
// used, so that the operand need not be kept.
#include "ops/elementwise.h"

namespace kn::ops::elementwise_gradient {

namespace {

constexpr double kTwoOverSqrtPi = 1.1283791670955126;

using Gradient = std::vector<Value>;

Value op(const char* name, const Value& x) { return apply(name, {x}); }
Value square_of(const Value& x) { return op("square", x); }
Value plus(const Value& x, double c) { return ops::add(x, scalar_like(c, x)); }
// 1 - x²
Value one_minus_square(const Value& x) { return ops::sub(scalar_like(1.0, x), square_of(x)); }

// (g, y) -> one of the *_grad ops, which carries the same attributes.
Gradient by_result(const char* name, const GradContext& g) {
  return {apply(name, {g.grad(), g.out()}, g.attrs())};
}

// The derivative is zero or undefined everywhere: nothing flows back.
Gradient nothing() { return {Value{}}; }

}  // namespace

Gradient neg(const GradContext& g) { return {ops::neg(g.grad())}; }
Gradient abs(const GradContext& g) { return {ops::mul(g.grad(), op("sign", g.in(0)))}; }
Gradient sign(const GradContext&) { return nothing(); }
Gradient square(const GradContext& g) { return {ops::mul(g.grad(), scale(g.in(0), 2.0))}; }
Gradient sqrt(const GradContext& g) { return {ops::div(scale(g.grad(), 0.5), g.out())}; }
Gradient rsqrt(const GradContext& g) {
  return {ops::mul(scale(g.grad(), -0.5), ops::mul(g.out(), square_of(g.out())))};
}
Gradient reciprocal(const GradContext& g) {
  return {ops::neg(ops::mul(g.grad(), square_of(g.out())))};
}
Gradient exp(const GradContext& g) { return {ops::mul(g.grad(), g.out())}; }
Gradient expm1(const GradContext& g) { return {ops::mul(g.grad(), plus(g.out(), 1.0))}; }
Gradient log(const GradContext& g) { return {ops::div(g.grad(), g.in(0))}; }
Gradient log1p(const GradContext& g) { return {ops::div(g.grad(), plus(g.in(0), 1.0))}; }
Gradient sin(const GradContext& g) { return {ops::mul(g.grad(), op("cos", g.in(0)))}; }
Gradient cos(const GradContext& g) { return {ops::neg(ops::mul(g.grad(), op("sin", g.in(0))))}; }
Gradient tan(const GradContext& g) { return {ops::mul(g.grad(), plus(square_of(g.out()), 1.0))}; }
Gradient tanh(const GradContext& g) { return by_result("tanh_grad", g); }
Gradient sinh(const GradContext& g) { return {ops::mul(g.grad(), op("cosh", g.in(0)))}; }
Gradient cosh(const GradContext& g) { return {ops::mul(g.grad(), op("sinh", g.in(0)))}; }
Gradient asin(const GradContext& g) {
  return {ops::mul(g.grad(), op("rsqrt", one_minus_square(g.in(0))))};
}
Gradient acos(const GradContext& g) {
  return {ops::neg(ops::mul(g.grad(), op("rsqrt", one_minus_square(g.in(0)))))};
}
Gradient atan(const GradContext& g) { return {ops::div(g.grad(), plus(square_of(g.in(0)), 1.0))}; }
Gradient erf(const GradContext& g) {
  const Value bell = op("exp", ops::neg(square_of(g.in(0))));
  return {ops::mul(scale(g.grad(), kTwoOverSqrtPi), bell)};
}
Gradient sigmoid(const GradContext& g) { return by_result("sigmoid_grad", g); }
// clip(0.2 x + 0.5, 0, 1)
Gradient hard_sigmoid(const GradContext& g) {
  return {apply("clip_grad", {scale(g.grad(), 0.2), g.in(0)}, {{"min", -2.5}, {"max", 2.5}})};
}
Gradient relu(const GradContext& g) { return by_result("relu_grad", g); }
Gradient leaky_relu(const GradContext& g) {
  return {apply("leaky_relu_grad", {g.grad(), g.in(0)}, g.attrs())};
}
Gradient elu(const GradContext& g) { return by_result("elu_grad", g); }
Gradient selu(const GradContext& g) { return by_result("selu_grad", g); }
Gradient softplus(const GradContext& g) { return {ops::mul(g.grad(), op("sigmoid", g.in(0)))}; }
Gradient softsign(const GradContext& g) {
  return {ops::div(g.grad(), square_of(plus(op("abs", g.in(0)), 1.0)))};
}
Gradient round(const GradContext&) { return nothing(); }
Gradient floor(const GradContext&) { return nothing(); }
Gradient ceil(const GradContext&) { return nothing(); }
Gradient clip(const GradContext& g) { return {apply("clip_grad", {g.grad(), g.in(0)}, g.attrs())}; }
Gradient logical_not(const GradContext&) { return nothing(); }
Gradient is_nan(const GradContext&) { return nothing(); }
Gradient is_inf(const GradContext&) { return nothing(); }

}  // namespace kn::ops::elementwise_gradient
