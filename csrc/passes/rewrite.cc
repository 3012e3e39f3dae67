#include "passes/rewrite.h"

#include <algorithm>

#include "graph/builder.h"

namespace kn {

namespace {

using Mapping = std::unordered_map<Value, Value, ValueHash>;

Value mapped(const Mapping& map, const Value& v) {
  const auto found = map.find(v);
  return found == map.end() ? v : found->second;
}

}  // namespace

Graph rewrite(const Graph& graph, RewriteFn replace) {
  Mapping map;
  for (const NodePtr& node : topological_order(graph.roots())) {
    std::vector<Value> inputs;
    bool changed = false;
    for (const Value& v : node->inputs) {
      inputs.push_back(mapped(map, v));
      changed = changed || !(inputs.back() == v);
    }
    std::vector<Value> outputs = replace(node, inputs);
    if (outputs.empty()) {
      if (!changed) continue;
      const NodePtr fresh = rebuild(*node, std::move(inputs));
      for (int i = 0; i < static_cast<int>(fresh->outputs.size()); ++i)
        outputs.push_back({fresh, i});
    }
    for (int i = 0; i < static_cast<int>(outputs.size()); ++i)
      if (outputs[i]) map[Value{node, i}] = outputs[i];
  }
  Graph result;
  for (const Value& v : graph.inputs) result.inputs.push_back(mapped(map, v));
  for (const Value& v : graph.outputs) result.outputs.push_back(mapped(map, v));
  for (const Update& u : graph.updates)
    result.updates.push_back({u.variable, mapped(map, u.value)});
  return result;
}

bool depends_on(const Value& v, const NodePtr& node) {
  const std::vector<NodePtr> order = topological_order({v});
  return std::find(order.begin(), order.end(), node) != order.end();
}

UseCounts::UseCounts(const Graph& graph) {
  for (const NodePtr& node : topological_order(graph.roots()))
    for (const Value& v : node->inputs) ++counts_[v];
  for (const Value& v : graph.roots()) ++counts_[v];
}

int UseCounts::of(const Value& v) const {
  const auto found = counts_.find(v);
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace kn
