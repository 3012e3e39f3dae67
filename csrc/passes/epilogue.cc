#include "passes/epilogue.h"

#include <algorithm>

#include "graph/builder.h"

namespace kn {

Value row_vector(const Value& v, Dim columns) {
  const bool repeats = v.node->op->name == "broadcast_to" || v.node->op->name == "broadcast_like";
  const Value x = repeats ? v.node->inputs[0] : v;
  const Shape& s = x.shape();
  if (s.empty() || s.back() != columns || s.elements() != columns) return {};
  return s.rank() == 1 ? x : apply("reshape", {x}, {{"shape", Ints{columns}}});
}

bool is_epilogue_activation(const Node& node) {
  constexpr std::string_view names[] = {"relu",     "sigmoid",  "hard_sigmoid", "tanh",
                                        "softplus", "softsign", "selu",         "exp"};
  return std::find(std::begin(names), std::end(names), node.op->name) != std::end(names);
}

}  // namespace kn
