// softmax and log_softmax along attribute `axis` (the last by default), and their gradients as ops:
// each is one pass over the data, where elementwise ops and sums would be four.
#include "ops/families.h"
#include "ops/parts.h"

namespace kn::ops {

namespace {

int axis_of(const InferContext& c) {
  return c.axis(c.attrs.integer("axis", -1), c.shape(0).rank());
}

void require_float(const InferContext& c) {
  if (!is_float(c.dtype(0))) c.fail("expected a float dtype; got ", c.in(0));
}

std::vector<TensorType> infer_softmax(const InferContext& c) {
  require_float(c);
  if (c.shape(0).empty()) c.fail("expected at least one axis; got a scalar");
  axis_of(c);
  return {c.in(0)};
}

std::vector<TensorType> infer_softmax_grad(const InferContext& c) {
  require_float(c);
  axis_of(c);
  return {same_types(c, 0, 1)};
}

Value sum_along(const Value& x, const Attrs& attrs) {
  return sum(x, {attrs.integer("axis", -1)}, true);
}

// (y, g) -> y * (g - sum(g * y)).
Value softmax_grad_formula(std::span<const Value> in, const Attrs& attrs) {
  const Value &y = in[0], &g = in[1];
  return mul(y, sub(g, sum_along(mul(g, y), attrs)));
}

// (y, g) -> g - exp(y) * sum(g), where y is the log-softmax.
Value log_softmax_grad_formula(std::span<const Value> in, const Attrs& attrs) {
  const Value &y = in[0], &g = in[1];
  return sub(g, mul(apply("exp", {y}), sum_along(g, attrs)));
}

std::vector<Value> gradient_softmax(const GradContext& g) {
  return {apply("softmax_grad", {g.out(), g.grad()}, g.attrs())};
}
std::vector<Value> gradient_log_softmax(const GradContext& g) {
  return {apply("log_softmax_grad", {g.out(), g.grad()}, g.attrs())};
}
std::vector<Value> gradient_softmax_grad(const GradContext& g) {
  return gradient_by(softmax_grad_formula, g);
}
std::vector<Value> gradient_log_softmax_grad(const GradContext& g) {
  return gradient_by(log_softmax_grad_formula, g);
}

const OpDef kOps[] = {
    {"softmax", 1, 1, infer_softmax, gradient_softmax},
    {"log_softmax", 1, 1, infer_softmax, gradient_log_softmax},
    {"softmax_grad", 2, 2, infer_softmax_grad, gradient_softmax_grad},
    {"log_softmax_grad", 2, 2, infer_softmax_grad, gradient_log_softmax_grad},
};

}  // namespace

std::span<const OpDef> softmax() { return kOps; }

}  // namespace kn::ops
