// A tiny interpreter of expression graphs, for tests: node by node with reference kernels.
#pragma once

#include <unordered_map>
#include <vector>

#include "graph/builder.h"
#include "support/tensors.h"

namespace kn::test {

using Feeds = std::unordered_map<Value, HostTensorPtr, ValueHash>;

struct Environment {
  Feeds feeds;            // contents of placeholders
  bool training = false;  // the learning phase
  uint64_t step = 0;
};

// The values of `roots`. Every node is rebuilt over constants of its inputs' contents, so all
// shapes are concrete, as in a plan.
std::vector<HostTensor> evaluate(const std::vector<Value>& roots, const Environment& environment);

}  // namespace kn::test
