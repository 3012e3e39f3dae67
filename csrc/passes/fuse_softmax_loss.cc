// Softmax with its cross-entropy. The graph arrives with gradients in it, so four patterns are
// looked for, all along the last axis (and the same for sparse targets):
//   p = softmax(x), categorical_crossentropy(p, t)           -> one node, p and loss
//   softmax_grad(p, categorical_crossentropy_grad(p, t, g))  -> one node: d x from p
//   softmax(x) or a gradient, and softmax_cross_entropy(x, t) -> one node, p and loss
//   softmax_cross_entropy_grad(x, t, g) beside that           -> one node: d x from p
// Binary cross-entropies become elementwise nodes, to run within the chains around them.
#include <algorithm>

#include "ops/build.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

bool is(const Value& v, std::string_view op) { return v.node->op->name == op; }

bool along_last_axis(const Node& node) {
  const int rank = node.inputs[0].shape().rank();
  const int64_t axis = node.attrs.integer("axis", -1);
  return axis == -1 || axis == rank - 1;
}

// What becomes of nodes when one pair of softmax and loss is fused.
struct Fusion {
  NodePtr softmax, loss;       // softmax may be absent where the loss is from logits
  std::vector<Value> outputs;  // p, loss
};

std::string_view fused_op(std::string_view loss) {
  if (loss == "categorical_crossentropy") return "softmax_categorical_crossentropy";
  if (loss == "sparse_categorical_crossentropy") return "softmax_sparse_categorical_crossentropy";
  if (loss == "softmax_cross_entropy") return "softmax_with_cross_entropy";
  if (loss == "sparse_softmax_cross_entropy") return "softmax_with_sparse_cross_entropy";
  return {};
}

bool from_logits(const Node& loss) {
  return loss.op->name == "softmax_cross_entropy" ||
         loss.op->name == "sparse_softmax_cross_entropy";
}

// The gradient of `loss` with respect to its logits.
bool is_gradient_of(const Node& node, const Node& loss) {
  return node.op->name == std::string(loss.op->name) + "_grad" &&
         node.inputs[0] == loss.inputs[0] && node.inputs[1] == loss.inputs[1];
}

NodePtr softmax_for(const Node& loss, const std::vector<NodePtr>& order) {
  if (!from_logits(loss)) {
    const NodePtr& node = loss.inputs[0].node;
    return node->op->name == "softmax" && along_last_axis(*node) ? node : nullptr;
  }
  for (const NodePtr& node : order)
    if (node->op->name == "softmax" && node->inputs[0] == loss.inputs[0] && along_last_axis(*node))
      return node;
  return nullptr;
}

bool find_fusion(const Graph& graph, Fusion& found) {
  const std::vector<NodePtr> order = topological_order(graph.roots());
  for (const NodePtr& loss : order) {
    const std::string_view op = fused_op(loss->op->name);
    if (op.empty()) continue;
    const NodePtr softmax = softmax_for(*loss, order);
    const bool differentiated = std::any_of(order.begin(), order.end(), [&](const NodePtr& node) {
      return is_gradient_of(*node, *loss);
    });
    if (!softmax && !(from_logits(*loss) && differentiated)) continue;
    // The fused node stands in the place of the softmax: its target must be known before.
    if (softmax && depends_on(loss->inputs[1], softmax)) continue;
    const Value& logits = softmax ? softmax->inputs[0] : loss->inputs[0];
    found = {softmax, loss, apply_all(op, {logits, loss->inputs[1]}, loss->attrs)};
    return true;
  }
  return false;
}

std::string_view fused_gradient(bool sparse) {
  return sparse ? "softmax_sparse_categorical_crossentropy_grad"
                : "softmax_categorical_crossentropy_grad";
}

Graph fuse_forward(const Graph& graph, const Fusion& fusion) {
  const bool sparse = fusion.loss->op->name.starts_with("sparse");
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>& in) {
    std::vector<Value> out;
    if (node == fusion.softmax) out = {fusion.outputs[0]};
    else if (node == fusion.loss) out = {fusion.outputs[1]};
    else if (from_logits(*fusion.loss) && is_gradient_of(*node, *fusion.loss))
      out = {apply(fused_gradient(sparse), {fusion.outputs[0], in[1], in[2]}, {{"epsilon", 0.0}})};
    return out;
  });
}

// softmax_grad(p, dp) where dp is the gradient of a cross-entropy of the same p.
Value joined_gradient(const Node& node, const std::vector<Value>& in) {
  if (node.op->name != "softmax_grad" || !along_last_axis(node)) return {};
  const bool sparse = is(in[1], "sparse_categorical_crossentropy_grad");
  if (!sparse && !is(in[1], "categorical_crossentropy_grad")) return {};
  const Node& loss_grad = *in[1].node;
  if (!(loss_grad.inputs[0] == in[0])) return {};
  return apply(fused_gradient(sparse), loss_grad.inputs, loss_grad.attrs);
}

// max(x, 0) - x t + log(1 + e^-|x|): each term as it is, so that a small loss keeps its digits.
Value binary_from_logits(const Value& x, const Value& t) {
  const Value rest = apply("softplus", {ops::neg(apply("abs", {x}))});
  return ops::add(ops::sub(apply("relu", {x}), ops::mul(x, t)), rest);
}

Value elementwise_loss(const Node& node, const std::vector<Value>& in) {
  if (node.op->name == "binary_crossentropy_logits") return binary_from_logits(in[0], in[1]);
  if (node.op->name != "binary_crossentropy") return {};
  const double epsilon = node.attrs.number("epsilon", 1e-7);
  const Value c = apply("clip", {in[0]}, {{"min", epsilon}, {"max", 1 - epsilon}});
  const Value odds = ops::div(c, ops::sub(ops::scalar_like(1, c), c));
  return binary_from_logits(apply("log", {odds}), in[1]);
}

}  // namespace

Graph fuse_softmax_loss(const Graph& graph) {
  Graph result = graph;
  for (Fusion fusion; find_fusion(result, fusion);) result = fuse_forward(result, fusion);
  return rewrite(result, [](const NodePtr& node, const std::vector<Value>& in) {
    Value out = joined_gradient(*node, in);
    if (!out) out = elementwise_loss(*node, in);
    return out ? std::vector<Value>{out} : std::vector<Value>{};
  });
}

}  // namespace kn
