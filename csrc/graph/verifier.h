// Checks that every node of a graph is what its op says: input counts, inferred types, no cycles.
// Debug builds run it after each pass; `where` names the pass in the message.
#pragma once

#include <string_view>
#include <vector>

#include "graph/node.h"

namespace kn {
void verify(const std::vector<Value>& roots, std::string_view where);
}
