// Computes one node whose inputs are all constants (constant folding).
#pragma once

#include "graph/node.h"
#include "runtime/kernel.h"

namespace kn {

// nullptr where there is no kernel for it.
HostTensorPtr evaluate(const Node& node, const KernelSource& kernels);

}  // namespace kn
