// Gradients of functions of two and three operands. An operand that was broadcast gets its gradient
// summed back to its own shape.
#include "ops/elementwise.h"

namespace kn::ops::elementwise_gradient {

namespace {

using Gradient = std::vector<Value>;

// `grad`, which has the result's shape, brought to operand i's.
Value to_operand(const GradContext& g, int i, const Value& grad) {
  const Shape& want = g.in(i).shape();
  if (want.known() && grad.shape() == want) return grad;
  return sum_like(grad, g.in(i));
}

Gradient pair(const GradContext& g, const Value& to_a, const Value& to_b) {
  return {to_operand(g, 0, to_a), to_operand(g, 1, to_b)};
}

Value compare(const char* name, const Value& a, const Value& b) { return apply(name, {a, b}); }
Value zero(const Value& like) { return scalar_like(0.0, like); }

// All of the gradient to the operand that was chosen; to the first where they are equal.
Gradient chosen(const char* first_wins, const GradContext& g) {
  const Value mask = compare(first_wins, g.in(0), g.in(1));
  const Value none = zero(g.grad());
  return pair(g, ops::where(mask, g.grad(), none), ops::where(mask, none, g.grad()));
}

Gradient nothing(const GradContext& g) { return Gradient(g.node->inputs.size()); }

// f(g, y) = g * h(y) with h piecewise constant: linear in g, no gradient to y.
Gradient masked(const GradContext& g) {
  return {to_operand(g, 0, apply(g.node->op->name, {g.grad(), g.in(1)}, g.attrs())), Value{}};
}

// f(g, y) = g * h(y): linear in g; `slope` is g * h'(y).
Gradient modulated(const GradContext& g, const Value& slope) {
  const Value again = apply(g.node->op->name, {g.grad(), g.in(1)}, g.attrs());
  return pair(g, again, ops::mul(g.grad(), slope));
}

// g where y <= 0, times `factor`: the slope of elu_grad and selu_grad.
Value negative_part(const GradContext& g, double factor) {
  const Value& y = g.in(1);
  return ops::where(compare("greater", y, zero(y)), zero(g.in(0)), scale(g.in(0), factor));
}

}  // namespace

Gradient add(const GradContext& g) { return pair(g, g.grad(), g.grad()); }
Gradient sub(const GradContext& g) { return pair(g, g.grad(), ops::neg(g.grad())); }
Gradient mul(const GradContext& g) {
  return pair(g, ops::mul(g.grad(), g.in(1)), ops::mul(g.grad(), g.in(0)));
}
Gradient div(const GradContext& g) {
  const Value to_a = ops::div(g.grad(), g.in(1));
  return pair(g, to_a, ops::neg(ops::mul(to_a, g.out())));
}
Gradient floordiv(const GradContext& g) { return nothing(g); }
Gradient mod(const GradContext& g) {
  const Value quotient = apply("floordiv", {g.in(0), g.in(1)});
  return pair(g, g.grad(), ops::neg(ops::mul(g.grad(), quotient)));
}
// The gradient to the exponent is taken as zero where the base is not positive.
Gradient pow(const GradContext& g) {
  const Value &x = g.in(0), &y = g.in(1);
  const Value less_one = ops::sub(y, scalar_like(1.0, y));
  const Value to_x = ops::mul(ops::mul(g.grad(), y), apply("pow", {x, less_one}));
  const Value positive = compare("greater", x, zero(x));
  const Value safe = ops::where(positive, x, scalar_like(1.0, x));
  const Value to_y = ops::mul(ops::mul(g.grad(), g.out()), apply("log", {safe}));
  return pair(g, to_x, to_y);
}
Gradient maximum(const GradContext& g) { return chosen("greater_equal", g); }
Gradient minimum(const GradContext& g) { return chosen("less_equal", g); }
Gradient atan2(const GradContext& g) {
  const Value &y = g.in(0), &x = g.in(1);
  const Value squares = ops::add(ops::mul(x, x), ops::mul(y, y));
  const Value slope = ops::div(g.grad(), squares);
  return pair(g, ops::mul(slope, x), ops::neg(ops::mul(slope, y)));
}
Gradient squared_difference(const GradContext& g) {
  const Value twice = scale(ops::mul(g.grad(), ops::sub(g.in(0), g.in(1))), 2.0);
  return pair(g, twice, ops::neg(twice));
}
Gradient equal(const GradContext& g) { return nothing(g); }
Gradient not_equal(const GradContext& g) { return nothing(g); }
Gradient less(const GradContext& g) { return nothing(g); }
Gradient less_equal(const GradContext& g) { return nothing(g); }
Gradient greater(const GradContext& g) { return nothing(g); }
Gradient greater_equal(const GradContext& g) { return nothing(g); }
Gradient logical_and(const GradContext& g) { return nothing(g); }
Gradient logical_or(const GradContext& g) { return nothing(g); }
Gradient logical_xor(const GradContext& g) { return nothing(g); }
Gradient where(const GradContext& g) {
  const Value& cond = g.in(0);
  const Value none = zero(g.grad());
  return {Value{}, to_operand(g, 1, ops::where(cond, g.grad(), none)),
          to_operand(g, 2, ops::where(cond, none, g.grad()))};
}

Gradient relu_grad(const GradContext& g) { return masked(g); }
Gradient leaky_relu_grad(const GradContext& g) { return masked(g); }
Gradient clip_grad(const GradContext& g) { return masked(g); }
Gradient elu_grad(const GradContext& g) { return modulated(g, negative_part(g, 1.0)); }
Gradient selu_grad(const GradContext& g) { return modulated(g, negative_part(g, 1.0)); }
// g y (1 - y): slope g (1 - 2y)
Gradient sigmoid_grad(const GradContext& g) {
  const Value& y = g.in(1);
  const Value factor = ops::sub(scalar_like(1.0, y), scale(y, 2.0));
  return modulated(g, ops::mul(g.in(0), factor));
}
// g (1 - y²): slope -2 g y
Gradient tanh_grad(const GradContext& g) {
  return modulated(g, scale(ops::mul(g.in(0), g.in(1)), -2.0));
}

}  // namespace kn::ops::elementwise_gradient
