// An op and its twin that keeps a trace of its steps (made by the gradient) are computed once.
#include <algorithm>
#include <unordered_map>

#include "graph/builder.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

bool is_traced(const Node& node) { return node.attrs.flag("trace", false); }

// Whether `traced` computes what `node` does, and a trace.
bool covers(const Node& traced, const Node& node) {
  if (traced.op != node.op || traced.payload != node.payload || traced.inputs != node.inputs)
    return false;
  Attrs attrs = node.attrs;
  attrs.set("trace", true);
  return attrs == traced.attrs;
}

}  // namespace

Graph merge_traces(const Graph& graph) {
  std::vector<NodePtr> traced;
  for (const NodePtr& node : topological_order(graph.roots()))
    if (is_traced(*node)) traced.push_back(node);
  if (traced.empty()) return graph;

  std::unordered_map<const Node*, std::vector<Value>> made;  // by the first of equal traced nodes
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>& inputs) {
    const auto found = std::find_if(traced.begin(), traced.end(),
                                    [&](const NodePtr& t) { return covers(*t, *node); });
    if (found == traced.end()) return std::vector<Value>{};
    std::vector<Value>& outputs = made[found->get()];
    if (outputs.empty()) {
      LayerScope scope(node->layer);
      outputs = apply_all(node->op->name, inputs, (*found)->attrs, node->payload);
    }
    return std::vector<Value>(outputs.begin(), outputs.begin() + node->outputs.size());
  });
}

}  // namespace kn
