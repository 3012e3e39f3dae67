#include "graph/verifier.h"

#include "graph/op_def.h"

namespace kn {

void verify(const std::vector<Value>& roots, std::string_view where) {
  for (const NodePtr& node : topological_order(roots)) {
    const OpDef& op = *node->op;
    for (const Value& v : node->inputs)
      if (v.index < 0 || v.index >= static_cast<int>(v.node->outputs.size()))
        fail<RuntimeError>("after ", where, ": [", op.name, "] uses output ", v.index, " of [",
                           v.node->op->name, "], which has ", v.node->outputs.size());
    const auto inferred =
        op.infer(InferContext{op, node->attrs, node->inputs, node->payload.get()});
    if (inferred != node->outputs)
      fail<RuntimeError>("after ", where, ": [", op.name,
                         "] is stored with another type than its "
                         "shape function gives: ",
                         node->outputs[0], " and ", inferred[0]);
  }
}

}  // namespace kn
