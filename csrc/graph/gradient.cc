#include "graph/gradient.h"

#include <unordered_map>
#include <unordered_set>

#include "graph/builder.h"

namespace kn {

namespace {

// Nodes of `order` from which one of `wrt` can be reached.
std::unordered_set<const Node*> depends_on(const std::vector<NodePtr>& order,
                                           const std::vector<Value>& wrt) {
  std::unordered_set<const Node*> targets, found;
  for (const Value& v : wrt) targets.insert(v.node.get());
  for (const NodePtr& node : order) {
    bool hit = targets.count(node.get()) != 0;
    for (const Value& v : node->inputs) hit = hit || found.count(v.node.get());
    if (hit) found.insert(node.get());
  }
  return found;
}

void accumulate(std::unordered_map<Value, Value, ValueHash>& sums, const Value& at, Value grad) {
  auto [it, fresh] = sums.try_emplace(at, grad);
  if (!fresh) it->second = apply("add", {it->second, std::move(grad)});
}

std::vector<Value> node_gradients(const NodePtr& node, std::vector<Value> grads) {
  if (!node->op->gradient)
    fail<ValueError>("[", node->op->name, "] has no gradient: ", node->op->no_gradient,
                     node->layer.empty() ? "" : "; layer '" + node->layer + "'");
  LayerScope scope(node->layer);
  return node->op->gradient(GradContext{node, grads});
}

}  // namespace

std::vector<Value> gradients(const Value& loss, const std::vector<Value>& wrt,
                             const Value& initial) {
  if (!is_float(loss.dtype()))
    fail<TypeError>("expected a float tensor to differentiate; got ", loss.type());
  const std::vector<NodePtr> order = topological_order({loss});
  const auto relevant = depends_on(order, wrt);
  std::unordered_map<Value, Value, ValueHash> sums;
  sums[loss] = initial ? initial : apply("ones_like", {loss});
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const NodePtr& node = *it;
    if (!relevant.count(node.get()) || node->inputs.empty()) continue;
    std::vector<Value> grads(node->outputs.size());
    bool any = false;
    for (int i = 0; i < static_cast<int>(grads.size()); ++i) {
      auto found = sums.find(Value{node, i});
      if (found == sums.end()) continue;
      grads[i] = found->second;
      any = true;
    }
    bool input_relevant = false;
    for (const Value& v : node->inputs)
      input_relevant = input_relevant || (relevant.count(v.node.get()) && is_float(v.dtype()));
    if (!any || !input_relevant) continue;
    std::vector<Value> back = node_gradients(node, std::move(grads));
    for (size_t i = 0; i < back.size(); ++i) {
      const Value& input = node->inputs[i];
      if (back[i] && relevant.count(input.node.get())) accumulate(sums, input, back[i]);
    }
  }
  std::vector<Value> result;
  for (const Value& v : wrt) {
    auto found = sums.find(v);
    result.push_back(found == sums.end() ? Value{} : found->second);
  }
  return result;
}

}  // namespace kn
