// The addition of a bias per filter and an activation after a convolution, where nobody else reads
// what comes between, become its epilogue; so does the gradient of a relu after that of the
// max_pool or convolution behind it.
#include "graph/builder.h"
#include "passes/epilogue.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

bool is_linear_conv(const Value& v) {
  return v.node->op->name == "conv" && v.node->attrs.text("activation", "").empty();
}

// add(conv(x, w), bias) in either order.
Value with_bias(const Node& node, const std::vector<Value>& inputs, const UseCounts& uses) {
  for (int i = 0; i < 2; ++i) {
    const Value &y = inputs[i], &other = inputs[1 - i];
    if (!is_linear_conv(y) || uses.of(node.inputs[i]) != 1) continue;
    const Node& conv = *y.node;
    if (conv.inputs.size() != 2 || y.shape() != node.outputs[0].shape) continue;
    if (const Value bias = row_vector(other, y.shape().back()))
      return apply("conv", {conv.inputs[0], conv.inputs[1], bias}, conv.attrs);
  }
  return {};
}

Value with_activation(const Node& node, const Value& input, const UseCounts& uses) {
  if (!is_linear_conv(input) || uses.of(node.inputs[0]) != 1) return {};
  Attrs attrs = input.node->attrs;
  attrs.set("activation", std::string(node.op->name));
  return apply("conv", input.node->inputs, std::move(attrs));
}

// relu_grad(max_pool_data(y, g), y) and relu_grad(conv_data(g, w, …), y)
Value with_relu_gradient(const std::vector<Value>& inputs, const Node& node,
                         const UseCounts& uses) {
  const Node& from = *inputs[0].node;
  const Value& y = inputs[1];
  if (uses.of(node.inputs[0]) != 1 || from.attrs.flag("relu", false)) return {};
  Attrs attrs = from.attrs;
  attrs.set("relu", true);
  if (from.op->name == "max_pool_data" && from.inputs[0] == y)
    return apply("max_pool_data", from.inputs, std::move(attrs));
  if (from.op->name == "conv_data" && y.type() == inputs[0].type())
    return apply("conv_data", {from.inputs[0], from.inputs[1], y}, std::move(attrs));
  return {};
}

}  // namespace

Graph fuse_conv(const Graph& graph) {
  const UseCounts uses(graph);
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>& inputs) {
    LayerScope scope(node->layer);
    Value fused;
    if (node->op->name == "add") fused = with_bias(*node, inputs, uses);
    else if (node->op->name == "relu_grad") fused = with_relu_gradient(inputs, *node, uses);
    else if (is_epilogue_activation(*node)) fused = with_activation(*node, inputs[0], uses);
    return fused ? std::vector<Value>{fused} : std::vector<Value>{};
  });
}

}  // namespace kn
