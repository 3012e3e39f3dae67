// Pooling of x (N, spatial…, C) over windows. Attributes: window, strides, padding, pads. An
// average counts the cells inside the input only, as TensorFlow does. Of equal maxima the first one
// gets the gradient.
#include "base/window.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

Shape pooled(const InferContext& c, const Shape& x) {
  const Window w = make_window(x, c.attrs.ints("window"), c.attrs, c.op.name);
  Shape y = x;
  for (int i = 0; i < w.rank; ++i) y[1 + i] = w[kMaxSpatial - w.rank + i].out;
  return y;
}

std::vector<TensorType> infer_pool(const InferContext& c) {
  if (!is_float(c.dtype(0))) c.fail("expected a float input; got ", c.in(0));
  return {{c.dtype(0), pooled(c, c.shape(0))}};
}

// Inputs after x: the output or its gradient, of the pooled shape.
std::vector<TensorType> infer_like_x(const InferContext& c) {
  pooled(c, c.shape(0));
  return {c.in(0)};
}

// max_pool_pick(x, g): the elements of g (of x's shape) at the places of the maxima.
std::vector<TensorType> infer_pick(const InferContext& c) { return infer_pool(c); }

std::vector<Value> gradient_max_pool(const GradContext& g) {
  return {apply("max_pool_data", {g.in(0), g.grad()}, g.attrs())};
}

// max_pool_data(x, dy): with the attribute `relu`, which the pass fuse_conv sets, nothing goes back
// to a maximum that is not above zero: x is then the result of a relu, and this the gradient to
// what that was given.
// Linear in dy; where the maxima are does not change under a small step of x.
std::vector<Value> gradient_max_pool_data(const GradContext& g) {
  Attrs attrs = g.attrs();
  attrs.set("relu", false);
  const Value picked = apply("max_pool_pick", {g.in(0), g.grad()}, attrs);
  if (!g.attrs().flag("relu", false)) return {Value{}, picked};
  return {Value{}, apply("relu_grad", {picked, apply("max_pool", {g.in(0)}, attrs)})};
}

std::vector<Value> gradient_max_pool_pick(const GradContext& g) {
  return {Value{}, apply("max_pool_data", {g.in(0), g.grad()}, g.attrs())};
}

std::vector<Value> gradient_average_pool(const GradContext& g) {
  return {apply("average_pool_data", {g.in(0), g.grad()}, g.attrs())};
}

std::vector<Value> gradient_average_pool_data(const GradContext& g) {
  return {Value{}, apply("average_pool", {g.grad()}, g.attrs())};
}

const OpDef kOps[] = {
    {"max_pool", 1, 1, infer_pool, gradient_max_pool},
    {"max_pool_data", 2, 2, infer_like_x, gradient_max_pool_data},
    {"max_pool_pick", 2, 2, infer_pick, gradient_max_pool_pick},
    {"average_pool", 1, 1, infer_pool, gradient_average_pool},
    {"average_pool_data", 2, 2, infer_like_x, gradient_average_pool_data},
};

}  // namespace

std::span<const OpDef> pool() { return kOps; }

}  // namespace kn::ops
