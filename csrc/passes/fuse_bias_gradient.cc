// The gradient of a convolution to its bias, a sum over all positions of dy, comes from the kernel
// that reads dy for the gradient to the weights.
#include <unordered_map>

#include "base/reduce_axes.h"
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

using Mapping = std::unordered_map<Value, Value, ValueHash>;

bool is_sum_to_channels(const Node& node) {
  if (node.op->name != "sum" || node.attrs.flag("keepdims", false)) return false;
  const int rank = node.inputs[0].shape().rank();
  const AxisSet axes = reduced_axes(node.attrs, rank, "sum");
  for (int i = 0; i < rank; ++i)
    if (axes[i] != (i + 1 < rank)) return false;
  return rank > 2;
}

// Sums and gradients of weights over the same dy.
struct Pair {
  NodePtr sum, weights;
  std::vector<Value> both;  // of the node that replaces them, once it is made
};

std::unordered_map<Value, Pair, ValueHash> find_pairs(const Graph& graph) {
  std::unordered_map<Value, Pair, ValueHash> pairs;
  for (const NodePtr& node : topological_order(graph.roots())) {
    if (is_sum_to_channels(*node)) pairs[node->inputs[0]].sum = node;
    else if (node->op->name == "conv_weights") pairs[node->inputs[1]].weights = node;
  }
  std::erase_if(pairs, [](const auto& p) { return !p.second.sum || !p.second.weights; });
  return pairs;
}

}  // namespace

Graph fuse_bias_gradient(const Graph& graph) {
  auto pairs = find_pairs(graph);
  Mapping seen;  // what nodes so far have read, in the new graph
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>& inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) seen[node->inputs[i]] = inputs[i];
    const size_t dy = node->op->name == "sum" ? 0 : 1;
    const bool either = dy == 0 || node->op->name == "conv_weights";
    const auto found = either ? pairs.find(node->inputs[dy]) : pairs.end();
    if (found == pairs.end()) return std::vector<Value>{};
    Pair& pair = found->second;
    if (node != pair.sum && node != pair.weights) return std::vector<Value>{};
    if (pair.both.empty()) {
      // The first of the two makes both. The convolution itself has read x by then.
      const auto x = seen.find(pair.weights->inputs[0]);
      if (x == seen.end()) {
        pairs.erase(found);
        return std::vector<Value>{};
      }
      Attrs attrs = pair.weights->attrs;
      attrs.set("bias", true);
      LayerScope scope(pair.weights->layer);
      pair.both = apply_all("conv_weights", {x->second, inputs[dy]}, std::move(attrs));
    }
    return std::vector<Value>{pair.both[node == pair.sum ? 1 : 0]};
  });
}

}  // namespace kn
