// Batch normalization over all axes but one. gamma and beta are inputs only where attributes
// `scale` and `center` say so. Gradients that nobody needs often (of the statistics, of the
// inference form, of the gradient itself) are those of the same formulas written in small ops.
#include "graph/gradient.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

bool scales(const Attrs& a) { return a.flag("scale", true); }
bool centers(const Attrs& a) { return a.flag("center", true); }

// Checks that inputs [first, …) are vectors over the channels of input 0; returns that vector type.
TensorType check_channels(const InferContext& c, int first) {
  const TensorType& x = c.in(0);
  if (!is_float(x.dtype)) c.fail("expected a float dtype; got ", x);
  if (x.shape.rank() < 2) c.fail("expected an input of rank 2 or more; got ", x);
  Dim channels = x.shape[c.axis(c.attrs.integer("axis", -1), x.shape.rank())];
  for (int i = first; i < c.count(); ++i) {
    const Shape& s = c.shape(i);
    const bool fits = s.rank() == 1 && c.dtype(i) == x.dtype &&
                      (s[0] == channels || s[0] == kUnknown || channels == kUnknown);
    if (!fits)
      c.fail("expected statistics, gamma and beta as ", name_of(x.dtype), Shape{channels},
             " for input ", x.shape, "; got ", c.in(i));
    if (channels == kUnknown) channels = s[0];
  }
  return {x.dtype, Shape{channels}};
}

void check_count(const InferContext& c, int others) {
  const int wanted = others + scales(c.attrs) + centers(c.attrs);
  if (c.count() != wanted) c.fail("expected ", wanted, " inputs; got ", c.count());
}

// (x, [gamma], [beta]) -> y, mean, population variance, 1 / sqrt(variance + epsilon).
std::vector<TensorType> infer_train(const InferContext& c) {
  check_count(c, 1);
  const TensorType channels = check_channels(c, 1);
  return {c.in(0), channels, channels, channels};
}

// (x, mean, variance, [gamma], [beta]) -> y.
std::vector<TensorType> infer_infer(const InferContext& c) {
  check_count(c, 3);
  check_channels(c, 1);
  return {c.in(0)};
}

// (x, dy, mean, inv_std, [gamma]) -> dx, dgamma, dbeta.
std::vector<TensorType> infer_grad(const InferContext& c) {
  if (c.count() != 4 + scales(c.attrs)) c.fail("expected gamma where scale is set");
  const TensorType channels = check_channels(c, 2);
  return {c.in(0), channels, channels};
}

// Small ops over x (…, C, …): vectors are reshaped to broadcast, sums run over all other axes.
class Channels {
 public:
  Channels(const Value& x, const Attrs& attrs)
      : x_(x), axis_(normalize_axis(attrs.integer("axis", -1), x.shape().rank(), "batch_norm")) {}

  Value spread(const Value& vector) const {
    Ints shape(x_.shape().rank(), 1);
    shape[axis_] = -1;
    return apply("reshape", {vector}, {{"shape", shape}});
  }
  Value sum(const Value& t) const {
    Ints axes;
    for (int i = 0; i < x_.shape().rank(); ++i)
      if (i != axis_) axes.push_back(i);
    return ops::sum(t, axes);
  }
  // 1 / number of elements per channel.
  Value share(const Value& vector) const {
    const Value n = cast(apply("size_of", {x_}), x_.dtype());
    return div(cast(apply("size_of", {vector}), x_.dtype()), n);
  }

 private:
  Value x_;
  int axis_;
};

// Gradients of `outputs`, a function of `locals`, for the gradients that flow in. `locals` stand
// for a node's inputs (identity of each), so that paths among those inputs do not count.
std::vector<Value> gradients_of(const std::vector<Value>& outputs, const std::vector<Value>& locals,
                                std::span<const Value> incoming) {
  std::vector<Value> total(locals.size());
  for (size_t o = 0; o < outputs.size(); ++o) {
    if (!incoming[o]) continue;
    const auto part = gradients(outputs[o], locals, incoming[o]);
    for (size_t i = 0; i < part.size(); ++i)
      if (part[i]) total[i] = total[i] ? add(total[i], part[i]) : part[i];
  }
  return total;
}

std::vector<Value> locals_of(const GradContext& g) {
  std::vector<Value> locals;
  for (const Value& v : g.node->inputs) locals.push_back(apply("identity", {v}));
  return locals;
}

std::vector<Value> gradient_train(const GradContext& g) {
  const Value &x = g.in(0), mean = g.out(1), inv_std = g.out(3);
  const Channels channels(x, g.attrs());
  std::vector<Value> result(g.node->inputs.size());
  if (g.grad(0)) {
    std::vector<Value> inputs{x, g.grad(0), mean, inv_std};
    if (scales(g.attrs())) inputs.push_back(g.in(1));
    Attrs attrs{{"axis", g.attrs().integer("axis", -1)}, {"scale", scales(g.attrs())}};
    const auto back = apply_all("batch_norm_grad", inputs, attrs);
    size_t next = 0;
    result[next++] = back[0];
    if (scales(g.attrs())) result[next++] = back[1];
    if (centers(g.attrs())) result[next++] = back[2];
  }
  const Value share = channels.share(mean);
  Value d_variance = g.grad(2);
  if (g.grad(3)) {
    const Value cube = mul(mul(inv_std, inv_std), inv_std);
    const Value through = scale(mul(g.grad(3), cube), -0.5);
    d_variance = d_variance ? add(d_variance, through) : through;
  }
  auto accumulate = [&](const Value& dx) { result[0] = result[0] ? add(result[0], dx) : dx; };
  if (g.grad(1)) accumulate(broadcast_like(channels.spread(mul(g.grad(1), share)), x));
  if (d_variance)
    accumulate(
        mul(sub(x, channels.spread(mean)), channels.spread(scale(mul(d_variance, share), 2))));
  return result;
}

std::vector<Value> gradient_infer(const GradContext& g) {
  const std::vector<Value> in = locals_of(g);
  const Channels channels(in[0], g.attrs());
  const double epsilon = g.attrs().number("epsilon");
  Value factor = apply("rsqrt", {add(in[2], scalar_like(epsilon, in[2]))});
  size_t next = 3;
  if (scales(g.attrs())) factor = mul(factor, in[next++]);
  Value y = mul(sub(in[0], channels.spread(in[1])), channels.spread(factor));
  if (centers(g.attrs())) y = add(y, channels.spread(in[next]));
  return gradients_of({y}, in, g.grads);
}

std::vector<Value> gradient_grad(const GradContext& g) {
  const std::vector<Value> in = locals_of(g);
  const Value &x = in[0], &dy = in[1], &mean = in[2], &inv_std = in[3];
  const Channels channels(x, g.attrs());
  const Value normalized = mul(sub(x, channels.spread(mean)), channels.spread(inv_std));
  const Value d_beta = channels.sum(dy), d_gamma = channels.sum(mul(dy, normalized));
  const Value share = channels.share(mean);
  const Value centered = sub(sub(dy, channels.spread(mul(d_beta, share))),
                             mul(normalized, channels.spread(mul(d_gamma, share))));
  const Value factor = scales(g.attrs()) ? mul(inv_std, in[4]) : inv_std;
  const Value dx = mul(channels.spread(factor), centered);
  return gradients_of({dx, d_gamma, d_beta}, in, g.grads);
}

const OpDef kOps[] = {
    {"batch_norm_train", 1, 3, infer_train, gradient_train},
    {"batch_norm_infer", 3, 5, infer_infer, gradient_infer},
    {"batch_norm_grad", 4, 5, infer_grad, gradient_grad},
};

}  // namespace

std::span<const OpDef> normalization() { return kOps; }

}  // namespace kn::ops
