// Tensors with their axes in another order, and what ops do with those: for the pass
// choose_layouts.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace kn {

// Which inputs and outputs of a node lie in one order of axes: bit i is number i, the last bit
// stands for all from there on. Nothing where the op wants its axes as they are.
struct TurningParts {
  unsigned inputs = 0, outputs = 0;

  explicit operator bool() const { return inputs != 0 || outputs != 0; }
  static bool has(unsigned set, int i) { return (set >> (i < 31 ? i : 31) & 1) != 0; }
};
TurningParts turning_parts(const Node& node);

// `node` over inputs whose turning ones have been reordered by `perm`, the others as they were. Its
// turning outputs come out reordered, the others as they were.
std::vector<Value> turned(const Node& node, std::vector<Value> inputs, const Ints& perm);

Ints inverse_order(const Ints& perm);
bool is_identity_order(const Ints& perm);
// Whether extents of 1 are all that changes its place: then memory stays as it is.
bool moves_memory(const Shape& shape, const Ints& perm);
// transpose(x, perm), as a reshape where memory stays as it is.
Value reordered(const Value& x, const Ints& perm);

}  // namespace kn
