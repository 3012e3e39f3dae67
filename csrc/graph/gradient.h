// Reverse-mode differentiation: the gradient of a graph is more graph, so it can be differentiated
// again.
#pragma once

#include <vector>

#include "graph/node.h"

namespace kn {

// d loss / d each of `wrt`. A loss that is no scalar is summed (as tf.gradients does); `initial`,
// if given, is the gradient that flows into the loss. Empty Value where loss does not depend on it.
// Throws ValueError where a path needs an op that has no gradient.
std::vector<Value> gradients(const Value& loss, const std::vector<Value>& wrt,
                             const Value& initial = {});

}  // namespace kn
