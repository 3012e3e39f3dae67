// Cross-entropies. Those over classes reduce the last axis:
//   softmax_cross_entropy(logits, target)               sum(t) log(sum(exp(x))) - sum(t x)
//   sparse_softmax_cross_entropy(logits, labels)        log(sum(exp(x))) - x[label]
//   categorical_crossentropy(p, target; epsilon)        q = p / sum(p), c = clip(q): -sum(t log(c))
//   sparse_categorical_crossentropy(p, labels; epsilon) c = clip(p): log(sum(c)) - log(c[label])
// The binary ones are elementwise:
//   binary_crossentropy_logits(logits, target)          max(x, 0) - x t + log(1 + exp(-|x|))
//   binary_crossentropy(p, target; epsilon)             the same at x = log(c / (1 - c))
// clip is to [epsilon, 1 - epsilon] with no gradient outside. Labels may be of any dtype; a label
// outside [0, classes) yields NaN and no gradient. The fused ops are made by a pass only:
//   softmax_categorical_crossentropy(logits, target) -> p, loss     (and the sparse one)
//   softmax_categorical_crossentropy_grad(p, target, g) -> d logits
//   softmax_with_cross_entropy(logits, target) -> p, loss            (and the sparse one)
// whose loss is from the logits, and whose gradient is the one above with epsilon 0. And of each of
// these four (softmax_with_… with epsilon 0) what a step of training wants:
//   …_step(logits, target [, weights]; scale, hits, keep) -> d logits, loss [, hits] [, p]
// where g is scale * weights, or scale for all samples; hits are 1 where the largest of p (the
// first of equal ones) is at the label, or at the largest of the target, else 0.
#include "ops/families.h"
#include "ops/parts.h"

namespace kn::ops {

namespace {

// ---- Types ----

void require_float(const InferContext& c) {
  if (!is_float(c.dtype(0))) c.fail("expected a float dtype; got ", c.in(0));
}

Shape without_last(Shape s) {
  s.erase(s.rank() - 1);
  return s;
}

void require_classes(const InferContext& c) {
  require_float(c);
  if (c.shape(0).empty()) c.fail("expected classes along the last axis; got a scalar");
}

void check_epsilon(const InferContext& c) {
  const double epsilon = c.attrs.number("epsilon", 1e-7);
  if (!(epsilon >= 0 && epsilon < 0.5)) c.fail("expected epsilon in [0, 0.5); got ", epsilon);
}

// (…, classes), target of the same type, and for gradients g of the loss's shape.
TensorType dense_type(const InferContext& c) {
  require_classes(c);
  check_epsilon(c);
  if (c.dtype(0) != c.dtype(1) || c.shape(0).rank() != c.shape(1).rank())
    c.fail("expected a target of the same type as the predictions; got ", c.in(0), " and ",
           c.in(1));
  TensorType x = same_types(c, 0, 1);
  if (c.count() == 3) same_shapes(c, without_last(x.shape), c.shape(2));
  return x;
}

// (…, classes), labels of shape (…), and for gradients g likewise.
TensorType sparse_type(const InferContext& c) {
  require_classes(c);
  check_epsilon(c);
  const Shape lead = without_last(c.shape(0));
  if (c.shape(1).rank() != lead.rank())
    c.fail("expected labels of shape ", lead, " for predictions ", c.shape(0), "; got ",
           c.shape(1));
  Shape shape = same_shapes(c, lead, c.shape(1));
  if (c.count() == 3) shape = same_shapes(c, shape, c.shape(2));
  shape.push_back(c.shape(0).back());
  return {c.dtype(0), shape};
}

using TypeOf = TensorType (*)(const InferContext&);

template <TypeOf type_of>
std::vector<TensorType> infer_loss(const InferContext& c) {
  const TensorType x = type_of(c);
  return {{x.dtype, without_last(x.shape)}};
}
template <TypeOf type_of>
std::vector<TensorType> infer_grad(const InferContext& c) {
  return {type_of(c)};
}
template <TypeOf type_of>
std::vector<TensorType> infer_fused(const InferContext& c) {
  const TensorType x = type_of(c);
  return {x, {x.dtype, without_last(x.shape)}};
}

template <TypeOf type_of>
std::vector<TensorType> infer_step(const InferContext& c) {
  const TensorType x = type_of(c), row{x.dtype, without_last(x.shape)};
  if (c.count() == 3 && c.dtype(2) != x.dtype)
    c.fail("expected weights of ", name_of(x.dtype), "; got ", c.in(2));
  std::vector<TensorType> out = {x, row};
  if (c.attrs.flag("hits", false)) out.push_back(row);
  if (c.attrs.flag("keep", false)) out.push_back(x);
  return out;
}

std::vector<TensorType> infer_binary(const InferContext& c) {
  require_float(c);
  check_epsilon(c);
  return {same_types(c, 0, 1)};
}

// ---- Formulas ----

double epsilon_of(const Attrs& attrs) { return attrs.number("epsilon", 1e-7); }

Value clipped(const Value& p, const Attrs& attrs) {
  const double epsilon = epsilon_of(attrs);
  return apply("clip", {p}, {{"min", epsilon}, {"max", 1 - epsilon}});
}

// 1 where p is inside the clip's bounds, else 0.
Value inside(const Value& p, const Attrs& attrs) {
  const double epsilon = epsilon_of(attrs);
  const Value above = apply("greater_equal", {p, scalar_like(epsilon, p)});
  const Value below = apply("less_equal", {p, scalar_like(1 - epsilon, p)});
  return cast(apply("logical_and", {above, below}), p.dtype());
}

// Labels (…) as rows of 0 and 1, like x (…, classes): all 0 for a label out of range.
Value one_hot(const Value& labels, const Value& x) {
  const DType dtype = is_integer(labels.dtype()) ? labels.dtype() : DType::i64;
  Value classes = apply("cumsum", {apply("ones_like", {cast(x, dtype)})}, {{"axis", -1}});
  classes = apply("sub", {classes, constant(1, dtype)});
  return cast(apply("equal", {expand_last(cast(labels, dtype)), classes}), x.dtype());
}

// g * (softmax(x) sum(t) - t).
Value softmax_ce_grad_formula(std::span<const Value> in, const Attrs&) {
  const Value &x = in[0], &t = in[1], &g = in[2];
  return mul(expand_last(g), sub(mul(apply("softmax", {x}), sum_last(t)), t));
}

Value sparse_softmax_ce_grad_formula(std::span<const Value> in, const Attrs& attrs) {
  const Value dense[] = {in[0], one_hot(in[1], in[0]), in[2]};
  return softmax_ce_grad_formula(dense, attrs);
}

// With q = p / s, D[k] = -t[k] / q[k] inside: d p = (D - sum(D q)) g / s.
Value cce_grad_formula(std::span<const Value> in, const Attrs& attrs) {
  const Value &p = in[0], &t = in[1], &g = in[2];
  const Value s = sum_last(p), q = div(p, s);
  const Value kept = mul(inside(q, attrs), t);
  const Value dq = sub(sum_last(kept), div(kept, clipped(q, attrs)));
  return mul(dq, div(expand_last(g), s));
}

// d p = inside * (valid / sum(c) - hit / c) g.
Value sparse_cce_grad_formula(std::span<const Value> in, const Attrs& attrs) {
  const Value &p = in[0], &g = in[2];
  const Value hit = one_hot(in[1], p), c = clipped(p, attrs);
  const Value d = sub(div(sum_last(hit), sum_last(c)), div(hit, c));
  return mul(mul(inside(p, attrs), d), expand_last(g));
}

// ---- Gradients ----

std::vector<Value> gradient_softmax_ce(const GradContext& g) {
  const Value &x = g.in(0), &t = g.in(1);
  const Value dt = neg(mul(apply("log_softmax", {x}), expand_last(g.grad())));
  return {apply("softmax_cross_entropy_grad", {x, t, g.grad()}, g.attrs()), dt};
}

std::vector<Value> gradient_cce(const GradContext& g) {
  const Value &p = g.in(0), &t = g.in(1);
  const Value logs = apply("log", {clipped(div(p, sum_last(p)), g.attrs())});
  return {apply("categorical_crossentropy_grad", {p, t, g.grad()}, g.attrs()),
          neg(mul(logs, expand_last(g.grad())))};
}

std::vector<Value> gradient_sparse_softmax_ce(const GradContext& g) {
  return {apply("sparse_softmax_cross_entropy_grad", {g.in(0), g.in(1), g.grad()}, g.attrs()),
          Value{}};
}

std::vector<Value> gradient_sparse_cce(const GradContext& g) {
  return {apply("sparse_categorical_crossentropy_grad", {g.in(0), g.in(1), g.grad()}, g.attrs()),
          Value{}};
}

template <Formula formula>
std::vector<Value> gradient_formula(const GradContext& g) {
  return gradient_by(formula, g);
}

std::vector<Value> gradient_bce_logits(const GradContext& g) {
  const Value &x = g.in(0), &t = g.in(1);
  return {mul(g.grad(), sub(apply("sigmoid", {x}), t)), neg(mul(g.grad(), x))};
}

// With x = log(c / (1 - c)): d x = c - t, and d c = d x / (c (1 - c)).
std::vector<Value> gradient_bce(const GradContext& g) {
  const Value &p = g.in(0), &t = g.in(1);
  const Value c = clipped(p, g.attrs());
  const Value rest = sub(scalar_like(1, c), c);
  const Value dp = mul(div(sub(c, t), mul(c, rest)), inside(p, g.attrs()));
  return {mul(g.grad(), dp), neg(mul(g.grad(), apply("log", {div(c, rest)})))};
}

constexpr std::string_view kFused = "it is made after differentiation, by fuse_softmax_loss";
constexpr std::string_view kStep = "it is made after differentiation, by fuse_loss_step";

const OpDef kOps[] = {
    {"softmax_cross_entropy", 2, 2, infer_loss<dense_type>, gradient_softmax_ce},
    {"softmax_cross_entropy_grad", 3, 3, infer_grad<dense_type>,
     gradient_formula<softmax_ce_grad_formula>},
    {"sparse_softmax_cross_entropy", 2, 2, infer_loss<sparse_type>, gradient_sparse_softmax_ce},
    {"sparse_softmax_cross_entropy_grad", 3, 3, infer_grad<sparse_type>,
     gradient_formula<sparse_softmax_ce_grad_formula>},
    {"categorical_crossentropy", 2, 2, infer_loss<dense_type>, gradient_cce},
    {"categorical_crossentropy_grad", 3, 3, infer_grad<dense_type>,
     gradient_formula<cce_grad_formula>},
    {"sparse_categorical_crossentropy", 2, 2, infer_loss<sparse_type>, gradient_sparse_cce},
    {"sparse_categorical_crossentropy_grad", 3, 3, infer_grad<sparse_type>,
     gradient_formula<sparse_cce_grad_formula>},
    {"binary_crossentropy_logits", 2, 2, infer_binary, gradient_bce_logits},
    {"binary_crossentropy", 2, 2, infer_binary, gradient_bce},
    {"softmax_categorical_crossentropy", 2, 2, infer_fused<dense_type>, nullptr, kFused},
    {"softmax_categorical_crossentropy_grad", 3, 3, infer_grad<dense_type>, nullptr, kFused},
    {"softmax_with_cross_entropy", 2, 2, infer_fused<dense_type>, nullptr, kFused},
    {"softmax_with_sparse_cross_entropy", 2, 2, infer_fused<sparse_type>, nullptr, kFused},
    {"softmax_sparse_categorical_crossentropy", 2, 2, infer_fused<sparse_type>, nullptr, kFused},
    {"softmax_sparse_categorical_crossentropy_grad", 3, 3, infer_grad<sparse_type>, nullptr,
     kFused},
    {"softmax_categorical_crossentropy_step", 2, 3, infer_step<dense_type>, nullptr, kStep},
    {"softmax_sparse_categorical_crossentropy_step", 2, 3, infer_step<sparse_type>, nullptr, kStep},
    {"softmax_with_cross_entropy_step", 2, 3, infer_step<dense_type>, nullptr, kStep},
    {"softmax_with_sparse_cross_entropy_step", 2, 3, infer_step<sparse_type>, nullptr, kStep},
};

}  // namespace

std::span<const OpDef> loss() { return kOps; }

}  // namespace kn::ops
