#include "ops/parts.h"

#include "graph/gradient.h"

namespace kn::ops {

Shape same_shapes(const InferContext& c, const Shape& a, const Shape& b) {
  bool equal = a.rank() == b.rank();
  Shape out = a;
  for (int i = 0; equal && i < a.rank(); ++i) {
    if (a[i] == kUnknown) out[i] = b[i];
    else equal = b[i] == kUnknown || a[i] == b[i];
  }
  if (!equal) c.fail("expected equal shapes; got ", a, " and ", b);
  return out;
}

TensorType same_types(const InferContext& c, int a, int b) {
  if (c.dtype(a) != c.dtype(b)) c.fail("expected equal dtypes; got ", c.in(a), " and ", c.in(b));
  return {c.dtype(a), same_shapes(c, c.shape(a), c.shape(b))};
}

std::vector<Value> gradient_by(Formula formula, const GradContext& g) {
  // Fresh names for the inputs: one input may itself depend on another, and only the direct
  // dependence counts here.
  std::vector<Value> inputs, wrt;
  std::vector<size_t> position;
  for (const Value& v : g.node->inputs) {
    inputs.push_back(apply("identity", {v}));
    if (!is_float(v.dtype())) continue;
    wrt.push_back(inputs.back());
    position.push_back(inputs.size() - 1);
  }
  const std::vector<Value> found = gradients(formula(inputs, g.attrs()), wrt, g.grad());
  std::vector<Value> grads(inputs.size());
  for (size_t i = 0; i < found.size(); ++i) grads[position[i]] = found[i];
  return grads;
}

}  // namespace kn::ops
