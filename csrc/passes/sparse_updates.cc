// An update whose gradient is a scatter_add of rows that nothing else reads takes the rows and
// their indices instead: the gradient of an embedding's table is neither zeroed, written nor read.
#include "base/update_rule.h"
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

Graph sparse_updates(const Graph& graph) {
  const UseCounts uses(graph);
  return rewrite(graph, [&](const NodePtr& node, const std::vector<Value>& inputs) {
    const UpdateRule* rule = find_update_rule(node->op->name);
    if (!rule || rule->op != node->op->name) return std::vector<Value>{};
    const Node& scatter = *inputs[1].node;
    const bool rows = scatter.op->name == "scatter_add" && scatter.attrs.integer("axis", 0) == 0;
    if (!rows || uses.of(node->inputs[1]) != 1) return std::vector<Value>{};
    std::vector<Value> in = {inputs[0], scatter.inputs[1], scatter.inputs[2]};
    in.insert(in.end(), inputs.begin() + 2, inputs.end());
    return apply_all(rule->sparse_op, std::move(in), node->attrs);
  });
}

}  // namespace kn
