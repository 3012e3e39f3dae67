// The whole-sequence ops written as loops over a step: the truth that their second gradients come
// from.
#pragma once

#include <span>
#include <vector>

#include "base/recurrence.h"
#include "graph/node.h"

namespace kn::ops {

// The mask (N, U) of a gate out of (gates, N, U).
Value gate_mask(const Value& drop, int gate);

// Outputs of <cell>_sequence with these inputs.
std::vector<Value> sequence_as_loop(const Recurrence& r, std::span<const Value> inputs);
// Outputs of <cell>_sequence_grad with these inputs.
std::vector<Value> sequence_grad_as_loop(const Recurrence& r, std::span<const Value> inputs);

}  // namespace kn::ops
