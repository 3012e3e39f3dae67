// Arithmetic that needs no arithmetic. Rules apply to nodes whose shapes are all known and must
// give the same bits, or differ only where the original divides by or multiplies with one.
#include "base/reduce_axes.h"
#include "graph/builder.h"
#include "passes/pipeline.h"

namespace kn {

namespace {

const HostTensor* constant_of(const Value& v) {
  return v.node->op->name == "constant" ? static_cast<const HostTensor*>(v.node->payload.get())
                                        : nullptr;
}

bool filled_with(const Value& v, double value) {
  const HostTensor* data = constant_of(v);
  return data && data->shape().elements() <= 64 && data->filled_with(value);
}

bool is_broadcast(const Node& node) {
  return node.op->name == "broadcast_like" || node.op->name == "broadcast_to";
}

// x where `node` only repeats x along axes that the other operand of an elementwise op has anyway.
Value unbroadcast(const Value& v) { return is_broadcast(*v.node) ? v.node->inputs[0] : Value{}; }

bool is_binary_arithmetic(std::string_view op) {
  return op == "add" || op == "sub" || op == "mul" || op == "div";
}

// A filled tensor as a broadcast scalar, which elementwise chains read for free.
Value as_scalar_fill(const Node& node, double value) {
  const TensorType& type = node.outputs[0];
  const Value scalar = constant(value, type.dtype);
  if (type.shape.empty()) return scalar;
  return apply("broadcast_to", {scalar}, {{"shape", type.shape.vec()}});
}

// Sums x over the axes along which a tensor of shape `to` repeats to reach x's.
Value sum_to(const Value& x, const Shape& to) {
  const AxisSet set = broadcast_axes(x.shape(), to);
  Ints axes;
  for (int i = 0; i < x.shape().rank(); ++i)
    if (set[i]) axes.push_back(i);
  const Value total = apply("sum", {x}, {{"axes", std::move(axes)}, {"keepdims", false}});
  return total.shape() == to ? total : apply("reshape", {total}, {{"shape", to.vec()}});
}

Value neutral_operand(const Node& node) {
  const std::string_view op = node.op->name;
  const Value &a = node.inputs[0], &b = node.inputs[1];
  const TensorType& type = node.outputs[0];
  if (op == "add" || op == "sub") {
    if (filled_with(b, 0) && a.type() == type) return a;
    if (op == "add" && filled_with(a, 0) && b.type() == type) return b;
  } else {
    if (filled_with(b, 1) && a.type() == type) return a;
    if (op == "mul" && filled_with(a, 1) && b.type() == type) return b;
  }
  return {};
}

// Zeros, as a constant or a repeated one.
bool is_zero(const Value& v) {
  return filled_with(v, 0) || (is_broadcast(*v.node) && filled_with(v.node->inputs[0], 0));
}

// What zeros make zero. A product with them would also keep what is not finite; but such products
// are mostly gradients of the branch that a learning phase does not take, which must give nothing.
bool stays_zero(const Node& node) {
  const std::string_view op = node.op->name;
  if (!is_float(node.outputs[0].dtype)) return false;
  if (op == "mul") return is_zero(node.inputs[0]) || is_zero(node.inputs[1]);
  const bool keeps = op == "sum" || op == "sum_like" || op == "neg" || op == "reshape_like";
  return keeps && is_zero(node.inputs[0]);
}

// Powers that are a product or a quotient.
Value simple_power(const Node& node) {
  const Value &x = node.inputs[0], &exponent = node.inputs[1];
  if (!(x.type() == node.outputs[0])) return {};
  if (filled_with(exponent, 1)) return x;
  if (filled_with(exponent, 2)) return apply("square", {x});
  if (filled_with(exponent, -1) && is_float(x.dtype())) return apply("reciprocal", {x});
  return {};
}

// op(broadcast(x), y) = op(x, y) where y, or x itself, already has the output's shape.
Value without_broadcasts(const Node& node) {
  const Shape& out = node.outputs[0].shape;
  Value a = node.inputs[0], b = node.inputs[1];
  const Value narrow_a = unbroadcast(a), narrow_b = unbroadcast(b);
  bool changed = false;
  if (narrow_a && b.shape() == out) a = narrow_a, changed = true;
  else if (narrow_b && a.shape() == out) b = narrow_b, changed = true;
  else if (narrow_a && narrow_b && broadcast(narrow_a.shape(), narrow_b.shape(), "") == out)
    a = narrow_a, b = narrow_b, changed = true;
  return changed ? apply(node.op->name, {a, b}, node.attrs) : Value{};
}

}  // namespace

Value simplify(const Node& node) {
  const std::string_view op = node.op->name;
  const TensorType& type = node.outputs[0];
  for (const Value& v : node.inputs)
    if (!v.shape().known()) return {};
  if (op == "stop_gradient" || op == "identity") return node.inputs[0];
  if ((op == "sum_like" || op == "cast" || node.op->is(kAlias) || is_broadcast(node)) &&
      node.inputs[0].type() == type)
    return node.inputs[0];
  if (stays_zero(node)) return as_scalar_fill(node, 0);
  // Ops that only look at the shape of a tensor should not keep it alive.
  if (op == "reshape_like")
    return apply("reshape", {node.inputs[0]}, {{"shape", type.shape.vec()}});
  if (op == "broadcast_like")
    return apply("broadcast_to", {node.inputs[0]}, {{"shape", type.shape.vec()}});
  if (op == "sum_like") return sum_to(node.inputs[0], type.shape);
  if (op == "zeros_like") return as_scalar_fill(node, 0);
  if (op == "ones_like") return as_scalar_fill(node, 1);
  if (op == "full_like") return as_scalar_fill(node, node.attrs.number("value"));
  if (op == "pow") return simple_power(node);
  if (is_binary_arithmetic(op)) {
    if (Value shorter = without_broadcasts(node)) {
      const Value simpler = simplify(*shorter.node);
      return simpler ? simpler : shorter;
    }
    return neutral_operand(node);
  }
  return simplify_move(node);
}

}  // namespace kn
