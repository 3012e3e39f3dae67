// Joins optimizer updates of one rule with the same scalars into one node, so that one kernel runs
// over all parameters.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/update_rule.h"
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

const UpdateRule* single_rule(const Node& node) {
  const UpdateRule* rule = find_update_rule(node.op->name);
  return rule && rule->op == node.op->name ? rule : nullptr;
}

struct Group {
  const UpdateRule* rule;
  std::vector<NodePtr> members;
};

// Same op, attributes, dtype and scalars.
bool fits(const Node& a, const Node& b) {
  if (a.op != b.op || !(a.attrs == b.attrs) || a.outputs[0].dtype != b.outputs[0].dtype)
    return false;
  const auto tensors = static_cast<size_t>(single_rule(a)->inputs_each());
  for (size_t i = tensors; i < a.inputs.size(); ++i)
    if (!(a.inputs[i] == b.inputs[i])) return false;
  return true;
}

// Groups of two or more. An update that another update's result flows into stays alone: joined, the
// other one would have to be computed before the joined node and again in it.
std::vector<Group> find_groups(const Graph& graph) {
  std::vector<Group> groups;
  std::unordered_set<const Node*> after_update;
  for (const NodePtr& node : topological_order(graph.roots())) {
    bool dependent = false;
    for (const Value& v : node->inputs) dependent = dependent || after_update.count(v.node.get());
    const UpdateRule* rule = single_rule(*node);
    if (dependent || rule) after_update.insert(node.get());
    if (dependent || !rule) continue;
    bool placed = false;
    for (Group& g : groups) {
      if (!fits(*g.members[0], *node)) continue;
      g.members.push_back(node);
      placed = true;
      break;
    }
    if (!placed) groups.push_back({rule, {node}});
  }
  std::erase_if(groups, [](const Group& g) { return g.members.size() < 2; });
  return groups;
}

// As the graph lists its updates, whichever of them passes have rebuilt: parameters then lie in
// memory in the order of their layers.
void order_members(const Graph& graph, std::vector<Group>& groups) {
  std::unordered_map<const Node*, size_t> place;
  for (const Update& u : graph.updates) place.try_emplace(u.value.node.get(), place.size());
  const auto place_of = [&](const NodePtr& node) {
    const auto found = place.find(node.get());
    return found == place.end() ? place.size() : found->second;
  };
  for (Group& g : groups)
    std::stable_sort(g.members.begin(), g.members.end(),
                     [&](const NodePtr& a, const NodePtr& b) { return place_of(a) < place_of(b); });
}

std::vector<Value> join(const Group& group) {
  const int tensors = group.rule->inputs_each();
  const std::vector<Value>& first = group.members[0]->inputs;
  std::vector<Value> inputs;
  for (int k = 0; k < tensors; ++k)
    for (const NodePtr& m : group.members) inputs.push_back(m->inputs[k]);
  inputs.insert(inputs.end(), first.begin() + tensors, first.end());
  Attrs attrs = group.members[0]->attrs;
  attrs.set("count", static_cast<int64_t>(group.members.size()));
  return apply_all(group.rule->multi_op, std::move(inputs), std::move(attrs));
}

}  // namespace

Graph fuse_updates(const Graph& graph) {
  std::unordered_map<const Node*, std::vector<Value>> replaced;
  std::vector<Group> groups = find_groups(graph);
  order_members(graph, groups);
  for (const Group& group : groups) {
    const std::vector<Value> joined = join(group);
    const size_t n = group.members.size();
    for (size_t i = 0; i < n; ++i)
      for (size_t k = i; k < joined.size(); k += n)
        replaced[group.members[i].get()].push_back(joined[k]);
  }
  if (replaced.empty()) return graph;
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>&) {
    const auto found = replaced.find(node.get());
    return found == replaced.end() ? std::vector<Value>{} : found->second;
  });
}

}  // namespace kn
