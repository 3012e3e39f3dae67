// A loop and the same loop keeping its states (made by the gradient) are computed once.
#include <unordered_map>

#include "graph/builder.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

bool is_loop(const Node& node) { return node.op->name == "loop"; }

}  // namespace

Graph merge_loops(const Graph& graph) {
  std::unordered_map<const Payload*, std::vector<Value>> traced;  // inputs of each traced loop
  for (const NodePtr& node : topological_order(graph.roots()))
    if (is_loop(*node) && node->attrs.flag("trace")) traced[node->payload.get()] = node->inputs;
  if (traced.empty()) return graph;

  std::unordered_map<const Payload*, std::vector<Value>> made;
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>& inputs) {
    if (!is_loop(*node)) return std::vector<Value>{};
    const auto found = traced.find(node->payload.get());
    if (found == traced.end() || found->second != node->inputs) return std::vector<Value>{};
    std::vector<Value>& outputs = made[node->payload.get()];
    if (outputs.empty()) {
      LayerScope scope(node->layer);
      Attrs attrs = node->attrs;
      attrs.set("trace", true);
      outputs = apply_all("loop", inputs, attrs, node->payload);
    }
    return std::vector<Value>(outputs.begin(), outputs.begin() + node->outputs.size());
  });
}

}  // namespace kn
