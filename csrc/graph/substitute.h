// Copies of graphs with some values replaced.
#pragma once

#include <unordered_map>
#include <vector>

#include "graph/node.h"

namespace kn {

using Substitution = std::unordered_map<Value, Value, ValueHash>;

// `roots` with every use of a key of `replace` read from its value instead. Nodes that do not
// depend on a key are shared with the original.
std::vector<Value> substitute(const std::vector<Value>& roots, Substitution replace);

}  // namespace kn
