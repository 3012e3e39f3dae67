// What products and convolutions can do with their results before these leave the cache.
#pragma once

#include "graph/graph.h"

namespace kn {

// A vector of `columns` that `v` repeats for every row, or nothing.
Value row_vector(const Value& v, Dim columns);

// Whether `node` is an activation that epilogues know.
bool is_epilogue_activation(const Node& node);

}  // namespace kn
