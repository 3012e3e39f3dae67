// Text a person can read: one line per node, `%3 = matmul(%1, %2) float32(None, 64)  dense_1`.
#pragma once

#include <string>
#include <vector>

#include "graph/node.h"

namespace kn {
std::string print(const std::vector<Value>& roots);
}
