// Convolution (cross-correlation, as in every framework) of x (N, spatial…, C) with
// w (window…, C / groups, F). Attributes: strides, dilations, padding, pads, groups. The three ops
// are each other's gradients. A bias (F,) as third input of conv and `activation`, the name of the
// elementwise op applied last, are put there by the pass fuse_conv.
#include "base/window.h"
#include "graph/gradient.h"
#include "ops/build.h"
#include "ops/families.h"
#include "ops/parts.h"

namespace kn::ops {

namespace {

Shape output_shape(const Shape& x, const ConvGeometry& g) {
  Shape y = x;
  for (int i = 0; i < g.window.rank; ++i) y[1 + i] = g.window[kMaxSpatial - g.window.rank + i].out;
  y[y.rank() - 1] = g.filters;
  return y;
}

void check_floats(const InferContext& c) {
  if (!is_float(c.dtype(0)) || c.dtype(0) != c.dtype(1))
    c.fail("expected input and kernel of one float dtype; got ", c.in(0), " and ", c.in(1));
}

std::vector<TensorType> infer_conv(const InferContext& c) {
  check_floats(c);
  const ConvGeometry g = conv_geometry(c.shape(0), c.shape(1), c.attrs, c.op.name);
  if (c.count() == 3) {
    const Shape& bias = c.shape(2);
    if (bias.rank() != 1 || (bias[0] != kUnknown && bias[0] != g.filters))
      c.fail("expected a bias of shape ", Shape{g.filters}, "; got ", bias);
    if (c.dtype(2) != c.dtype(0))
      c.fail("expected a bias of dtype ", name_of(c.dtype(0)), "; got ", c.in(2));
  }
  const std::string activation = c.attrs.text("activation", "");
  if (!activation.empty() && !find_op(activation))
    c.fail("expected the name of an elementwise op as activation; got '", activation, "'");
  return {{c.dtype(0), output_shape(c.shape(0), g)}};
}

// conv_data(dy, w; size): what a convolution whose output is dy gives back to its input, whose
// spatial sizes are the attribute `size`, or those of a third input. A transposed convolution. With
// the attribute `relu`, which the pass fuse_conv sets, the third input is the result of a relu, and
// the gradient that to what this was given.
std::vector<TensorType> infer_conv_data(const InferContext& c) {
  check_floats(c);
  const Shape &dy = c.shape(0), &w = c.shape(1);
  if (w.rank() != dy.rank()) c.fail("expected a kernel of rank ", dy.rank(), "; got ", w);
  Shape x = dy;
  const Ints size =
      c.count() > 2 ? Ints(c.shape(2).begin() + 1, c.shape(2).end() - 1) : c.attrs.ints("size");
  if (static_cast<int>(size.size()) != dy.rank() - 2)
    c.fail("expected ", dy.rank() - 2, " spatial sizes; got ", size.size());
  for (size_t i = 0; i < size.size(); ++i) x[1 + static_cast<int>(i)] = size[i];
  x[x.rank() - 1] = w[w.rank() - 2] * c.attrs.integer("groups", 1);
  const ConvGeometry g = conv_geometry(x, w, c.attrs, c.op.name);
  const Shape y = output_shape(x, g);
  for (int i = 1; i < y.rank(); ++i)
    if (y[i] != kUnknown && dy[i] != kUnknown && y[i] != dy[i])
      c.fail("expected ", y, " for an input of shape ", x, " and kernel ", w, "; got ", dy);
  return {{c.dtype(0), x}};
}

// conv_weights(x, dy; window): gradient of a convolution to its kernel. With the attribute `bias`,
// which the pass fuse_bias_gradient sets, a second output is the gradient to the bias. `dtype`: as
// of matmul.
std::vector<TensorType> infer_conv_weights(const InferContext& c) {
  check_floats(c);
  const Shape &x = c.shape(0), &dy = c.shape(1);
  const Ints& window = c.attrs.ints("window");
  if (x.rank() != dy.rank() || static_cast<int>(window.size()) != x.rank() - 2)
    c.fail("expected input and output gradient of one rank; got ", x, " and ", dy);
  Shape w(window);
  w.push_back(x.back() == kUnknown ? kUnknown : x.back() / c.attrs.integer("groups", 1));
  w.push_back(dy.back());
  const DType t = product_dtype(c);
  if (!c.attrs.flag("bias", false)) return {{t, w}};
  return {{t, w}, {t, Shape{dy.back()}}};
}

Attrs with_window(Attrs attrs, const Shape& w) {
  attrs.set("window", Ints(w.begin(), w.end() - 2));
  return attrs;
}

std::vector<Value> gradient_conv(const GradContext& g) {
  if (const std::string activation = g.attrs().text("activation", ""); !activation.empty()) {
    Attrs linear = g.attrs();
    linear.set("activation", std::string());
    const Value y = apply(activation, {apply("conv", g.node->inputs, linear)});
    return gradients(y, g.node->inputs, g.grad());
  }
  std::vector<Value> grads = {
      apply("conv_data", {g.grad(), g.in(1), g.in(0)}, g.attrs()),
      apply("conv_weights", {g.in(0), g.grad()}, with_window(g.attrs(), g.in(1).shape()))};
  if (g.node->inputs.size() == 3) {
    Ints axes;
    for (int i = 0; i + 1 < g.grad().shape().rank(); ++i) axes.push_back(i);
    grads.push_back(sum(g.grad(), axes));
  }
  return grads;
}

// conv_data is linear in dy (its adjoint is conv) and in w.
std::vector<Value> gradient_conv_data(const GradContext& g) {
  std::vector<Value> grads(g.node->inputs.size());
  Attrs attrs = g.attrs();
  Value grad = g.grad();
  if (attrs.flag("relu", false)) {
    attrs.set("relu", false);
    grad = apply("relu_grad", {grad, g.in(2)});
  }
  grads[0] = apply("conv", {grad, g.in(1)}, attrs);
  grads[1] = apply("conv_weights", {grad, g.in(0)}, with_window(attrs, g.in(1).shape()));
  return grads;
}

std::vector<Value> gradient_conv_weights(const GradContext& g) {
  if (g.out().dtype() != g.in(0).dtype()) return gradients_before_cast(g);
  std::vector<Value> grads(2);
  if (g.grad()) {
    grads[0] = apply("conv_data", {g.in(1), g.grad(), g.in(0)}, g.attrs());
    grads[1] = apply("conv", {g.in(0), g.grad()}, g.attrs());
  }
  if (g.grads.size() > 1 && g.grad(1)) {
    const Value back = broadcast_like(g.grad(1), g.in(1));
    grads[1] = grads[1] ? add(grads[1], back) : back;
  }
  return grads;
}

const OpDef kOps[] = {
    {"conv", 2, 3, infer_conv, gradient_conv},
    {"conv_data", 2, 3, infer_conv_data, gradient_conv_data},
    {"conv_weights", 2, 2, infer_conv_weights, gradient_conv_weights},
};

}  // namespace

std::span<const OpDef> conv() { return kOps; }

}  // namespace kn::ops
