#include "graph/node.h"

#include <algorithm>
#include <unordered_set>

#include "graph/op_def.h"

namespace kn {

Node::~Node() {
  // Inputs that die with this node are moved to a list and freed one after the other.
  std::vector<NodePtr> dying;
  for (Value& v : inputs) dying.push_back(std::move(v.node));
  while (!dying.empty()) {
    NodePtr next = std::move(dying.back());
    dying.pop_back();
    if (next && next.use_count() == 1) {
      Node* node = const_cast<Node*>(next.get());
      for (Value& v : node->inputs) dying.push_back(std::move(v.node));
      node->inputs.clear();
    }
  }
}

std::vector<NodePtr> topological_order(const std::vector<Value>& roots) {
  std::vector<NodePtr> order;
  std::unordered_set<const Node*> seen;
  for (const Value& root : roots)
    if (root && seen.insert(root.node.get()).second) order.push_back(root.node);
  for (size_t next = 0; next < order.size(); ++next) {
    const NodePtr node = order[next];
    for (const Value& v : node->inputs)
      if (seen.insert(v.node.get()).second) order.push_back(v.node);
  }
  std::sort(order.begin(), order.end(),
            [](const NodePtr& a, const NodePtr& b) { return a->id < b->id; });
  return order;
}

}  // namespace kn
