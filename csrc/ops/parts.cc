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

DType product_dtype(const InferContext& c) {
  const DType own = c.dtype(0);
  if (!c.attrs.has("dtype")) return own;
  const DType dtype = parse_dtype(c.attrs.text("dtype"));
  if (dtype != own && !(is_half(own) && dtype == DType::f32))
    c.fail("expected a result of ", name_of(own), ", or of float32 from halves; got ",
           name_of(dtype));
  return dtype;
}

std::vector<Value> gradients_before_cast(const GradContext& g) {
  const DType own = g.in(0).dtype();
  Attrs attrs = g.attrs();
  attrs.set("dtype", std::string(name_of(own)));
  const std::vector<Value> rounded = apply_all(g.node->op->name, g.node->inputs, std::move(attrs));
  std::vector<Value> grads(g.node->inputs.size());
  for (size_t k = 0; k < rounded.size(); ++k) {
    if (!g.grads[k]) continue;
    const std::vector<Value> more = gradients(rounded[k], g.node->inputs, cast(g.grads[k], own));
    for (size_t i = 0; i < grads.size(); ++i)
      if (more[i]) grads[i] = grads[i] ? add(grads[i], more[i]) : more[i];
  }
  return grads;
}

}  // namespace kn::ops
