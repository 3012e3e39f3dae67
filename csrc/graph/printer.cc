#include "graph/printer.h"

#include <sstream>
#include <unordered_map>

#include "graph/op_def.h"

namespace kn {

std::string print(const std::vector<Value>& roots) {
  std::ostringstream os;
  std::unordered_map<const Node*, int> number;
  auto name = [&](const Value& v) {
    std::string text = "%" + std::to_string(number[v.node.get()]);
    if (v.node->outputs.size() > 1) text += "." + std::to_string(v.index);
    return text;
  };
  for (const NodePtr& node : topological_order(roots)) {
    const int id = static_cast<int>(number.size());
    number[node.get()] = id;
    os << '%' << id << " = " << node->op->name << '(';
    for (size_t i = 0; i < node->inputs.size(); ++i) os << (i ? ", " : "") << name(node->inputs[i]);
    os << ')';
    if (!node->attrs.empty()) os << " {" << node->attrs << '}';
    for (const TensorType& t : node->outputs) os << ' ' << t;
    if (!node->layer.empty()) os << "  ; " << node->layer;
    os << '\n';
  }
  os << "return";
  for (const Value& v : roots)
    if (v) os << ' ' << name(v);
  os << '\n';
  return os.str();
}

}  // namespace kn
