// The one way passes change graphs: walk the nodes in order, offer each one with its new inputs to
// a function, and rebuild what depends on what changed.
#pragma once

#include <unordered_map>
#include <vector>

#include "base/function_ref.h"
#include "graph/graph.h"

namespace kn {

// Returns one value per output of `node` to replace them, or nothing to keep the node (rebuilt over
// `inputs` where these differ from its own).
using RewriteFn =
    FunctionRef<std::vector<Value>(const NodePtr& node, const std::vector<Value>& inputs)>;

Graph rewrite(const Graph& graph, RewriteFn replace);

bool depends_on(const Value& v, const NodePtr& node);

// How often each value is read by nodes, outputs and updates.
class UseCounts {
 public:
  explicit UseCounts(const Graph& graph);
  int of(const Value& v) const;

 private:
  std::unordered_map<Value, int, ValueHash> counts_;
};

}  // namespace kn
