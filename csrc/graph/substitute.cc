#include "graph/substitute.h"

#include "graph/builder.h"

namespace kn {

std::vector<Value> substitute(const std::vector<Value>& roots, Substitution replace) {
  auto mapped = [&](const Value& v) {
    const auto found = replace.find(v);
    return found == replace.end() ? v : found->second;
  };
  for (const NodePtr& node : topological_order(roots)) {
    if (replace.count(Value{node, 0})) continue;
    std::vector<Value> inputs;
    bool changed = false;
    for (const Value& v : node->inputs) {
      inputs.push_back(mapped(v));
      changed = changed || !(inputs.back() == v);
    }
    if (!changed) continue;
    const NodePtr fresh = rebuild(*node, std::move(inputs));
    for (int i = 0; i < static_cast<int>(node->outputs.size()); ++i)
      replace.emplace(Value{node, i}, Value{fresh, i});
  }
  std::vector<Value> result;
  for (const Value& v : roots) result.push_back(mapped(v));
  return result;
}

}  // namespace kn
