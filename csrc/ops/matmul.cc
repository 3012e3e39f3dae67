// matmul(a, b [, bias]; transpose_a, transpose_b, activation): op(a)·op(b) over the last two axes,
// leading axes broadcast as in NumPy. `bias` (n,) is added to every row and `activation` names the
// elementwise op applied last; both are put there by the pass fuse_matmul. `dtype`, that of the
// result where halves are not to be rounded to one, is put there by the pass widen_halves.
#include "graph/gradient.h"
#include "ops/build.h"
#include "ops/families.h"
#include "ops/parts.h"

namespace kn::ops {

namespace {

Shape leading(const Shape& s) {
  Shape lead;
  for (int i = 0; i < s.rank() - 2; ++i) lead.push_back(s[i]);
  return lead;
}

// Extent of op(x) at its rows (axis 0) or columns (axis 1).
Dim extent(const Shape& s, bool transposed, int axis) {
  return s[s.rank() - 2 + (transposed ? 1 - axis : axis)];
}

void check_bias(const InferContext& c, Dim columns) {
  const Shape& bias = c.shape(2);
  if (bias.rank() != 1 || (bias[0] != kUnknown && columns != kUnknown && bias[0] != columns))
    c.fail("expected a bias of shape ", Shape{columns}, "; got ", bias);
  if (c.dtype(2) != c.dtype(0))
    c.fail("expected a bias of dtype ", name_of(c.dtype(0)), "; got ", c.in(2));
}

std::vector<TensorType> infer_matmul(const InferContext& c) {
  const Shape &a = c.shape(0), &b = c.shape(1);
  if (a.rank() < 2 || b.rank() < 2)
    c.fail("expected operands of rank 2 or more; got ", a, " and ", b);
  if (c.dtype(0) != c.dtype(1))
    c.fail("expected operands of one dtype; got ", c.in(0), " and ", c.in(1));
  const DType t = c.dtype(0);
  if (!is_float(t) && t != DType::i32 && t != DType::i64)
    c.fail("expected float, int32 or int64 operands; got ", c.in(0));
  const bool ta = c.attrs.flag("transpose_a", false), tb = c.attrs.flag("transpose_b", false);
  const Dim inner_a = extent(a, ta, 1), inner_b = extent(b, tb, 0);
  if (inner_a != inner_b && inner_a != kUnknown && inner_b != kUnknown)
    c.fail("expected equal inner extents; got ", a, ta ? " transposed" : "", " and ", b,
           tb ? " transposed" : "");
  Shape out = broadcast(leading(a), leading(b), c.op.name);
  out.push_back(extent(a, ta, 0));
  out.push_back(extent(b, tb, 1));
  if (c.count() == 3) check_bias(c, out.back());
  const std::string activation = c.attrs.text("activation", "");
  if (!activation.empty() && !find_op(activation))
    c.fail("expected the name of an elementwise op as activation; got '", activation, "'");
  return {{product_dtype(c), out}};
}

Value matmul(const Value& a, bool ta, const Value& b, bool tb) {
  return apply("matmul", {a, b}, {{"transpose_a", ta}, {"transpose_b", tb}});
}

// Whether no axis of `x` was broadcast to reach `out`, as far as that can be known now.
bool same_leading(const Shape& x, const Shape& out) {
  const Shape lead = leading(x);
  return lead == leading(out) && lead.known();
}

Value to_shape_of(const Value& grad, const Value& x, const Shape& out) {
  return x.shape().rank() == out.rank() && (out.rank() == 2 || same_leading(x.shape(), out))
             ? grad
             : sum_like(grad, x);
}

// (…, k) -> (rows, k).
Value as_rows(const Value& x) {
  return apply("reshape", {x}, {{"shape", Ints{-1, x.shape().back()}}});
}

Value gradient_a(const Value& grad, const Value& b, bool ta, bool tb) {
  return ta ? matmul(b, tb, grad, true) : matmul(grad, false, b, !tb);
}

Value gradient_b(const Value& grad, const Value& a, bool ta, bool tb) {
  return tb ? matmul(grad, true, a, ta) : matmul(a, !ta, grad, false);
}

// A weight matrix under a stack of matrices: the stack is one tall matrix, and the sum over its
// leading axes happens inside one product.
bool one_tall_product(const Value& a, const Value& b, const Value& grad, bool ta) {
  return !ta && b.shape().rank() == 2 && a.shape().rank() > 2 && a.shape().back() > 0 &&
         grad.shape().back() > 0;
}

std::vector<Value> gradient_matmul(const GradContext& g) {
  const Value &a = g.in(0), &b = g.in(1), &grad = g.grad();
  const bool ta = g.attrs().flag("transpose_a", false), tb = g.attrs().flag("transpose_b", false);
  const size_t count = g.node->inputs.size();
  if (g.out().dtype() != a.dtype()) return gradients_before_cast(g);
  if (const std::string activation = g.attrs().text("activation", ""); !activation.empty()) {
    Attrs linear = g.attrs();
    linear.set("activation", std::string());
    const Value y = apply(activation, {apply("matmul", g.node->inputs, linear)});
    return gradients(y, g.node->inputs, grad);
  }
  std::vector<Value> grads(count);
  const Shape& out = g.node->outputs[0].shape;
  grads[0] = to_shape_of(gradient_a(grad, b, ta, tb), a, out);
  grads[1] = one_tall_product(a, b, grad, ta) ? gradient_b(as_rows(grad), as_rows(a), false, tb)
                                              : to_shape_of(gradient_b(grad, a, ta, tb), b, out);
  if (count == 3) {
    Ints axes;
    for (int i = 0; i + 1 < out.rank(); ++i) axes.push_back(i);
    grads[2] = sum(grad, axes);
  }
  return grads;
}

const OpDef kOps[] = {{"matmul", 2, 3, infer_matmul, gradient_matmul}};

}  // namespace

std::span<const OpDef> matmul() { return kOps; }

}  // namespace kn::ops
