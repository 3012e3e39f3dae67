// Transposes before a matrix product become its transpose_a and transpose_b; the addition of a row
// vector and an activation after it, where nobody else reads the product, become its epilogue.
#include "graph/builder.h"
#include "passes/epilogue.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

bool is_matmul(const Value& v) { return v.node->op->name == "matmul"; }

// x where `v` is x with its last two axes swapped.
Value untransposed(const Value& v) {
  if (v.node->op->name != "transpose") return {};
  const Ints& perm = v.node->attrs.ints("perm");
  const int64_t rank = static_cast<int64_t>(perm.size());
  if (rank < 2 || perm[rank - 1] != rank - 2 || perm[rank - 2] != rank - 1) return {};
  for (int64_t i = 0; i < rank - 2; ++i)
    if (perm[i] != i) return {};
  return v.node->inputs[0];
}

Value with_operands_as_they_lie(const Node& node, std::vector<Value> inputs) {
  Attrs attrs = node.attrs;
  bool changed = false;
  for (int i = 0; i < 2; ++i) {
    const char* flag = i == 0 ? "transpose_a" : "transpose_b";
    if (const Value x = untransposed(inputs[i])) {
      attrs.set(flag, !attrs.flag(flag, false));
      inputs[i] = x;
      changed = true;
    }
  }
  return changed ? apply("matmul", std::move(inputs), std::move(attrs)) : Value{};
}

// add(matmul(a, b), bias) in either order.
Value with_bias(const Node& node, const std::vector<Value>& inputs, const UseCounts& uses) {
  for (int i = 0; i < 2; ++i) {
    const Value &product = inputs[i], &other = inputs[1 - i];
    if (!is_matmul(product) || uses.of(node.inputs[i]) != 1) continue;
    const Node& matmul = *product.node;
    const bool plain = matmul.inputs.size() == 2 && matmul.attrs.text("activation", "").empty();
    if (!plain || !is_float(product.dtype()) || product.shape() != node.outputs[0].shape) continue;
    if (const Value bias = row_vector(other, product.shape().back()))
      return apply("matmul", {matmul.inputs[0], matmul.inputs[1], bias}, matmul.attrs);
  }
  return {};
}

Value with_activation(const Node& node, const Value& input, const UseCounts& uses) {
  if (!is_matmul(input) || uses.of(node.inputs[0]) != 1 || !is_float(input.dtype())) return {};
  const Node& matmul = *input.node;
  if (!matmul.attrs.text("activation", "").empty()) return {};
  Attrs attrs = matmul.attrs;
  attrs.set("activation", std::string(node.op->name));
  return apply("matmul", matmul.inputs, std::move(attrs));
}

}  // namespace

Graph fuse_matmul(const Graph& graph) {
  const UseCounts uses(graph);
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>& inputs) {
    const std::string_view op = node->op->name;
    LayerScope scope(node->layer);
    Value fused;
    if (op == "matmul") fused = with_operands_as_they_lie(*node, inputs);
    else if (op == "add") fused = with_bias(*node, inputs, uses);
    else if (is_epilogue_activation(*node)) fused = with_activation(*node, inputs[0], uses);
    return fused ? std::vector<Value>{fused} : std::vector<Value>{};
  });
}

}  // namespace kn
