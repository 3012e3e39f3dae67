// Reductions over any axes (attributes `axes`, absent for all, and `keepdims`), positions of
// extremes, and running sums and products along one axis.
#include "base/reduce_axes.h"
#include "ops/build.h"
#include "ops/families.h"
#include "ops/parts.h"

namespace kn::ops {

namespace {

// ---- Types ----

Shape reduced_shape(const InferContext& c) {
  const Shape& x = c.shape(0);
  const AxisSet axes = reduced_axes(c.attrs, x.rank(), c.op.name);
  const bool keepdims = c.attrs.flag("keepdims", false);
  Shape out;
  for (int i = 0; i < x.rank(); ++i) {
    if (!axes[i]) out.push_back(x[i]);
    else if (keepdims) out.push_back(1);
  }
  return out;
}

std::vector<TensorType> infer_number(const InferContext& c) {
  if (c.dtype(0) == DType::b8) c.fail("expected numbers (cast first); got ", c.in(0));
  return {{c.dtype(0), reduced_shape(c)}};
}

std::vector<TensorType> infer_ordered(const InferContext& c) {
  return {{c.dtype(0), reduced_shape(c)}};
}

std::vector<TensorType> infer_float(const InferContext& c) {
  if (!is_float(c.dtype(0))) c.fail("expected a float dtype; got ", c.in(0));
  return {{c.dtype(0), reduced_shape(c)}};
}

std::vector<TensorType> infer_logical(const InferContext& c) {
  if (c.dtype(0) != DType::b8) c.fail("expected booleans (cast first); got ", c.in(0));
  return {{DType::b8, reduced_shape(c)}};
}

std::vector<TensorType> infer_position(const InferContext& c) {
  Shape shape = c.shape(0);
  const int axis = c.axis(c.attrs.integer("axis"), shape.rank());
  if (shape[axis] == 0) c.fail("expected at least one element along axis ", axis, "; got ", shape);
  shape.erase(axis);
  return {{DType::i64, shape}};
}

std::vector<TensorType> infer_running(const InferContext& c) {
  if (c.dtype(0) == DType::b8) c.fail("expected numbers (cast first); got ", c.in(0));
  c.axis(c.attrs.integer("axis"), c.shape(0).rank());
  return {c.in(0)};
}

std::vector<TensorType> infer_linear_scan(const InferContext& c) {
  if (!is_float(c.dtype(0))) c.fail("expected a float dtype; got ", c.in(0));
  c.axis(c.attrs.integer("axis"), c.shape(0).rank());
  return {same_types(c, 0, 1)};
}

std::vector<TensorType> infer_sum_like(const InferContext& c) {
  if (c.dtype(0) == DType::b8) c.fail("expected numbers (cast first); got ", c.in(0));
  const Shape &from = c.shape(0), &to = c.shape(1);
  bool fits = to.rank() <= from.rank();
  for (int i = 1; fits && i <= to.rank(); ++i) {
    const Dim a = from[from.rank() - i], b = to[to.rank() - i];
    fits = a == b || b == 1 || a == kUnknown || b == kUnknown;
  }
  if (!fits) c.fail("expected a reference that broadcasts to ", from, "; got ", to);
  return {{c.dtype(0), to}};
}

// ---- Gradients ----

AxisSet axes_of(const GradContext& g) {
  return reduced_axes(g.attrs(), g.in(0).shape().rank(), g.node->op->name);
}

Ints list_of(const AxisSet& axes) {
  Ints list;
  for (int i = 0; i < kMaxRank; ++i)
    if (axes[i]) list.push_back(i);
  return list;
}

// `y`, an output or its gradient, with size 1 at every reduced axis: it broadcasts against in(0).
Value kept(const GradContext& g, Value y) {
  if (g.attrs().flag("keepdims", false)) return y;
  for (int64_t axis : list_of(axes_of(g))) y = apply("expand_dims", {y}, {{"axis", axis}});
  return y;
}

// Elements of in(0) per element of the output, as a float scalar.
Value count_of(const GradContext& g, DType dtype) {
  const Shape& x = g.in(0).shape();
  const AxisSet axes = axes_of(g);
  Dim n = 1;
  bool known = true;
  for (int i = 0; i < x.rank(); ++i) {
    if (!axes[i]) continue;
    known = known && x[i] != kUnknown;
    n *= x[i];
  }
  if (known) return constant(static_cast<double>(n), dtype);
  // An empty output has an empty input: any count but 0 will do.
  const Value outputs = apply("maximum", {apply("size_of", {g.out()}), constant(1, DType::i64)});
  return cast(apply("floordiv", {apply("size_of", {g.in(0)}), outputs}), dtype);
}

std::vector<Value> gradient_sum(const GradContext& g) {
  return {broadcast_like(kept(g, g.grad()), g.in(0))};
}

std::vector<Value> gradient_mean(const GradContext& g) {
  const Value& x = g.in(0);
  return {broadcast_like(kept(g, div(g.grad(), count_of(g, x.dtype()))), x)};
}

// Equal elements share: each of k maxima receives 1/k.
std::vector<Value> gradient_extreme(const GradContext& g) {
  const Value& x = g.in(0);
  const Value hit = cast(apply("equal", {x, kept(g, g.out())}), x.dtype());
  const Value hits = sum(hit, list_of(axes_of(g)), true);
  return {mul(hit, div(kept(g, g.grad()), hits))};
}

std::vector<Value> gradient_var(const GradContext& g) {
  const Value& x = g.in(0);
  const Value mean = apply("mean", {x}, {{"axes", list_of(axes_of(g))}, {"keepdims", true}});
  const Value factor = div(scale(g.grad(), 2), count_of(g, x.dtype()));
  return {mul(sub(x, mean), kept(g, factor))};
}

std::vector<Value> gradient_std(const GradContext& g) {
  const Value& x = g.in(0);
  const Value mean = apply("mean", {x}, {{"axes", list_of(axes_of(g))}, {"keepdims", true}});
  const Value factor = div(g.grad(), mul(g.out(), count_of(g, x.dtype())));
  return {mul(sub(x, mean), kept(g, factor))};
}

std::vector<Value> gradient_logsumexp(const GradContext& g) {
  const Value share = apply("exp", {sub(g.in(0), kept(g, g.out()))});
  return {mul(share, kept(g, g.grad()))};
}

Value running(std::string_view op, const Value& x, int64_t axis, bool exclusive, bool reverse) {
  return apply(op, {x}, {{"axis", axis}, {"exclusive", exclusive}, {"reverse", reverse}});
}

// The product over several axes is one product after the other, and the factor beside each element
// is what came before times what comes after: no division, hence right with zeros.
std::vector<Value> gradient_prod(const GradContext& g) {
  const Ints axes = list_of(axes_of(g));
  std::vector<Value> partial = {g.in(0)};
  for (int64_t axis : axes)
    partial.push_back(apply("prod", {partial.back()}, {{"axes", Ints{axis}}, {"keepdims", true}}));
  Value grad = kept(g, g.grad());
  for (size_t i = axes.size(); i-- > 0;) {
    const Value& x = partial[i];
    const Value others = mul(running("cumprod", x, axes[i], true, false),
                             running("cumprod", x, axes[i], true, true));
    grad = mul(others, grad);
  }
  return {grad};
}

std::vector<Value> gradient_cumsum(const GradContext& g) {
  return {running("cumsum", g.grad(), g.attrs().integer("axis"), g.attrs().flag("exclusive", false),
                  !g.attrs().flag("reverse", false))};
}

Value flipped(const Value& x, int64_t axis) {
  return apply("reverse", {x}, {{"axes", Ints{axis}}});
}

// x moved by one along `axis`: y[k] = x[k - by], 0 where there is none; by is 1 or -1.
Value shifted(const Value& x, int axis, int by) {
  const int rank = x.shape().rank();
  Ints paddings(2 * rank, 0), begin(rank, 0), end(rank, INT64_MAX), strides(rank, 1);
  paddings[2 * axis + (by < 0)] = 1;
  if (by > 0) end[axis] = -1;
  else begin[axis] = 1;
  const Value wide = apply(
      "pad", {x}, {{"paddings", paddings}, {"mode", std::string("constant")}, {"value", 0.0}});
  const Value moved =
      apply("slice", {wide}, {{"begin", begin}, {"end", end}, {"strides", strides}});
  return apply("reshape_like", {moved, x});  // where the extent is unknown, it is still x's
}

Value linear_scan(const Value& a, const Value& b, int64_t axis, bool reverse) {
  return apply("linear_scan", {a, b}, {{"axis", axis}, {"reverse", reverse}});
}

// y[i] = prod_{j<=i} x[j] (j<i where exclusive): dx[k] = before[k] * sum_{i>=k} g[i] prod_{k<j<=i}
// x[j], and that sum is a linear recurrence from the end: again no division.
std::vector<Value> gradient_cumprod(const GradContext& g) {
  const bool exclusive = g.attrs().flag("exclusive", false);
  const bool reverse = g.attrs().flag("reverse", false);
  const int axis = normalize_axis(g.attrs().integer("axis"), g.in(0).shape().rank(), "cumprod");
  const Value x = reverse ? flipped(g.in(0), axis) : g.in(0);
  Value grad = reverse ? flipped(g.grad(), axis) : g.grad();
  if (exclusive) grad = shifted(grad, axis, -1);
  const Value before = running("cumprod", x, axis, true, false);
  const Value dx = mul(before, linear_scan(x, grad, axis, true));
  return {reverse ? flipped(dx, axis) : dx};
}

// Forward and reverse scan are each other's transpose: a[k] sits on the edge from k-1 to k.
std::vector<Value> gradient_linear_scan(const GradContext& g) {
  const bool reverse = g.attrs().flag("reverse", false);
  const int axis = normalize_axis(g.attrs().integer("axis"), g.in(0).shape().rank(), "linear_scan");
  const Value db = linear_scan(g.in(0), g.grad(), axis, !reverse);
  const Value da =
      reverse ? mul(shifted(db, axis, 1), g.out()) : mul(db, shifted(g.out(), axis, 1));
  return {da, db};
}

std::vector<Value> gradient_sum_like(const GradContext& g) {
  return {broadcast_like(g.grad(), g.in(0)), Value{}};
}

constexpr std::string_view kLogical = "it yields booleans";
constexpr std::string_view kIndex = "it yields indices";

const OpDef kOps[] = {
    {"sum", 1, 1, infer_number, gradient_sum},
    {"mean", 1, 1, infer_number, gradient_mean},
    {"max", 1, 1, infer_ordered, gradient_extreme},
    {"min", 1, 1, infer_ordered, gradient_extreme},
    {"prod", 1, 1, infer_number, gradient_prod},
    {"var", 1, 1, infer_float, gradient_var},
    {"std", 1, 1, infer_float, gradient_std},
    {"any", 1, 1, infer_logical, nullptr, kLogical},
    {"all", 1, 1, infer_logical, nullptr, kLogical},
    {"logsumexp", 1, 1, infer_float, gradient_logsumexp},
    {"argmax", 1, 1, infer_position, nullptr, kIndex},
    {"argmin", 1, 1, infer_position, nullptr, kIndex},
    {"cumsum", 1, 1, infer_running, gradient_cumsum},
    {"cumprod", 1, 1, infer_running, gradient_cumprod},
    // linear_scan(a, b): s[k] = b[k] + a[k] s[k-1]; reverse: s[k] = b[k] + a[k+1] s[k+1].
    {"linear_scan", 2, 2, infer_linear_scan, gradient_linear_scan},
    {"sum_like", 2, 2, infer_sum_like, gradient_sum_like},
};

}  // namespace

std::span<const OpDef> reduce() { return kOps; }

}  // namespace kn::ops
