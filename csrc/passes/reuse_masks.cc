// The gradient of a dropout after a relu draws no mask again: with y the result of the relu and
// z = dropout(y), z is above zero exactly where y is and the mask keeps it, so
//   relu_grad(dropout(g), y) = relu_grad(g * scale, z), to the bit.
// Nobody may need y any more then.
#include <unordered_map>
#include <vector>

#include "ops/build.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

bool is_dropout(const Node& node) { return node.op->name == "dropout"; }

}  // namespace

Graph reuse_masks(const Graph& graph) {
  std::unordered_map<Value, std::vector<NodePtr>, ValueHash> dropouts;  // by what they read
  using Values = std::vector<Value>;
  return rewrite(graph, [&](const NodePtr& node, const Values& in) -> Values {
    if (is_dropout(*node) && in == node->inputs) dropouts[in[0]].push_back(node);
    if (node->op->name != "relu_grad") return {};
    const Node& gradient = *in[0].node;
    const auto found = dropouts.find(in[1]);
    if (!is_dropout(gradient) || found == dropouts.end()) return {};
    for (const NodePtr& z : found->second) {
      if (!(z->attrs == gradient.attrs) || !(z->outputs[0] == gradient.outputs[0])) continue;
      LayerScope layer(node->layer);
      const Value g = ops::scale(gradient.inputs[0], 1 / (1 - gradient.attrs.number("rate")));
      return {apply("relu_grad", {g, Value{z, 0}})};
    }
    return {};
  });
}

}  // namespace kn
