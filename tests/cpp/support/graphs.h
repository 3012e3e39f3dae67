// What tests of passes ask of a graph.
#pragma once

#include <string_view>

#include "graph/graph.h"
#include "graph/node.h"
#include "graph/op_def.h"

namespace kn::test {

// Nodes of that op.
inline int count(const Graph& graph, std::string_view op) {
  int n = 0;
  for (const NodePtr& node : topological_order(graph.roots())) n += node->op->name == op;
  return n;
}

}  // namespace kn::test
