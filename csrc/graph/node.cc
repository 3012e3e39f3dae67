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
  std::unordered_set<const Node*> done;
  struct Frame {
    NodePtr node;
    size_t next = 0;
  };
  std::vector<Frame> stack;
  for (const Value& root : roots) {
    if (!root || done.count(root.node.get())) continue;
    stack.push_back({root.node});
    done.insert(root.node.get());
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next == top.node->inputs.size()) {
        order.push_back(std::move(top.node));
        stack.pop_back();
        continue;
      }
      const NodePtr& input = top.node->inputs[top.next++].node;
      if (done.insert(input.get()).second) stack.push_back({input});
    }
  }
  return order;
}

}  // namespace kn
