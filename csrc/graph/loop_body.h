// The body of a loop: one step as a graph of its own.
#pragma once

#include "graph/graph.h"

namespace kn {

// inputs:  slices of the sequences at this step, states before it, loop invariants (captures)
// outputs: what is stacked over the steps, then the states after it
struct LoopBody : Payload {
  Graph graph;
};

}  // namespace kn
