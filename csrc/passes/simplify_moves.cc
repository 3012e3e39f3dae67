// Moves of elements that undo each other, or that are cheaper elsewhere: transposes and reversals
// around recurrent layers, which run with time as the leading axis.
#include "graph/builder.h"
#include "passes/pipeline.h"

namespace kn {

namespace {

bool is(const Value& v, std::string_view op) { return v.node->op->name == op; }

Value transposed(const Value& x, Ints perm) {
  return apply("transpose", {x}, {{"perm", std::move(perm)}});
}

bool is_identity(const Ints& perm) {
  for (size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != static_cast<int64_t>(i)) return false;
  return true;
}

// The permutation of the first `rank` axes where `perm` leaves all others in place, else empty.
Ints leading(const Ints& perm, int rank) {
  for (size_t i = rank; i < perm.size(); ++i)
    if (perm[i] != static_cast<int64_t>(i)) return {};
  return Ints(perm.begin(), perm.begin() + rank);
}

bool along_first_axis(const Node& node) { return node.attrs.integer("axis", 0) == 0; }

// transpose(transpose(x)), and transpose(gather(table, indices)): turning the indices is cheaper
// than turning the rows.
Value simpler_transpose(const Node& node) {
  const Ints& perm = node.attrs.ints("perm");
  const Value& x = node.inputs[0];
  if (is_identity(perm)) return x;
  if (is(x, "transpose")) {
    const Ints& inner = x.node->attrs.ints("perm");
    Ints both;
    for (int64_t axis : perm) both.push_back(inner[axis]);
    const Value& source = x.node->inputs[0];
    return is_identity(both) ? source : transposed(source, std::move(both));
  }
  if (!is(x, "gather") || !along_first_axis(*x.node)) return {};
  const Value &table = x.node->inputs[0], &indices = x.node->inputs[1];
  const Ints order = leading(perm, indices.shape().rank());
  if (order.empty()) return {};
  return apply("gather", {table, transposed(indices, order)}, x.node->attrs);
}

// scatter_add(ref, indices, transpose(updates)) likewise.
Value simpler_scatter(const Node& node) {
  const Value &indices = node.inputs[1], &updates = node.inputs[2];
  if (!is(updates, "transpose") || !along_first_axis(node)) return {};
  const Ints order = leading(updates.node->attrs.ints("perm"), indices.shape().rank());
  if (order.empty()) return {};
  Ints inverse(order.size());
  for (size_t i = 0; i < order.size(); ++i) inverse[order[i]] = static_cast<int64_t>(i);
  return apply("scatter_add",
               {node.inputs[0], transposed(indices, inverse), updates.node->inputs[0]}, node.attrs);
}

// reverse(reverse(x)) along the same axes, also where a transpose lies between.
Value simpler_reverse(const Node& node) {
  const Value& x = node.inputs[0];
  const Ints& axes = node.attrs.ints("axes");
  if (is(x, "reverse") && x.node->attrs.ints("axes") == axes) return x.node->inputs[0];
  if (!is(x, "transpose") || !is(x.node->inputs[0], "reverse")) return {};
  const Node& inner = *x.node->inputs[0].node;
  const Ints &perm = x.node->attrs.ints("perm"), &before = inner.attrs.ints("axes");
  if (axes.size() != 1 || before.size() != 1 || axes[0] < 0 || perm[axes[0]] != before[0])
    return {};
  return transposed(inner.inputs[0], perm);
}

}  // namespace

Value simplify_move(const Node& node) {
  const std::string_view op = node.op->name;
  if (op == "transpose") return simpler_transpose(node);
  if (op == "scatter_add") return simpler_scatter(node);
  if (op == "reverse") return simpler_reverse(node);
  return {};
}

}  // namespace kn
