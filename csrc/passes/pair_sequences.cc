// Recurrent ops of one kind and size that do not depend on each other, such as both directions of a
// layer, become one: batches too small to occupy all threads leave some for the other direction,
// and a device with a queue runs both side by side in one launch.
#include <unordered_set>

#include "base/recurrence_pair.h"
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

// Of larger batches each direction occupies the threads by itself, and its sequence is read while
// it is still in a cache.
constexpr int64_t kMostRows = 16;

bool is_sequence(const Node& node, bool of_any_batch) {
  const std::string_view op = node.op->name;
  return (op.ends_with("_sequence") || op.ends_with("_sequence_grad")) &&
         (of_any_batch || node.inputs[0].shape()[1] <= kMostRows);
}

bool fits(const Node& a, const Node& b) {
  if (a.op != b.op || a.outputs != b.outputs || a.inputs.size() != b.inputs.size()) return false;
  for (size_t i = 0; i < a.inputs.size(); ++i)
    if (a.inputs[i].type() != b.inputs[i].type()) return false;
  Attrs attrs = b.attrs;
  attrs.set("reverse", a.attrs.flag("reverse", false));
  Attrs same = a.attrs;
  same.set("reverse", a.attrs.flag("reverse", false));
  return attrs == same;
}

// Whether `node` is computed from what `other` gives.
bool depends(const NodePtr& node, const NodePtr& other) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> open = {node.get()};
  while (!open.empty()) {
    const Node* at = open.back();
    open.pop_back();
    if (at == other.get()) return true;
    if (!seen.insert(at).second) continue;
    for (const Value& v : at->inputs) open.push_back(v.node.get());
  }
  return false;
}

// Two that can be joined, the earlier one first; nothing where there are none.
std::pair<NodePtr, NodePtr> find_pair(const Graph& graph, bool of_any_batch) {
  std::vector<NodePtr> earlier;
  for (const NodePtr& node : topological_order(graph.roots())) {
    if (!is_sequence(*node, of_any_batch)) continue;
    for (const NodePtr& other : earlier)
      if (fits(*other, *node) && !depends(node, other)) return {other, node};
    earlier.push_back(node);
  }
  return {};
}

Graph join(const Graph& graph, const NodePtr& first, const NodePtr& second) {
  std::vector<Value> inputs = first->inputs;
  inputs.insert(inputs.end(), second->inputs.begin(), second->inputs.end());
  LayerScope scope(first->layer);
  const std::vector<Value> all =
      apply_all(std::string(kRecurrentPair), std::move(inputs),
                recurrent_pair_attrs(std::string(first->op->name), first->attrs, second->attrs));
  const auto half = static_cast<int64_t>(all.size() / 2);
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>&) {
    if (node == first) return std::vector<Value>(all.begin(), all.begin() + half);
    if (node == second) return std::vector<Value>(all.begin() + half, all.end());
    return std::vector<Value>{};
  });
}

}  // namespace

// One pair at a time: whether others may be joined depends on what has been.
Graph pair_sequences(const Graph& graph, bool of_any_batch) {
  Graph result = graph;
  while (true) {
    const auto [first, second] = find_pair(result, of_any_batch);
    if (!first) return result;
    result = join(result, first, second);
  }
}

}  // namespace kn
