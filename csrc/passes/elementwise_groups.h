// Which nodes of a graph run as one elementwise program, for the pass fuse_elementwise.
#pragma once

#include <vector>

#include "base/program.h"
#include "graph/graph.h"

namespace kn {

// What a node can be to a fused program.
struct FusionPart {
  enum class Kind {
    alien,        // something else
    broadcast,    // repeats its input: operands of a program broadcast by themselves
    instruction,  // computes each element of `domain` from the same element of its operands
    closing,      // reduces `domain` over its first or its last axes
  };
  Kind kind = Kind::alien;
  Shape domain;
  Instruction instruction{};  // of kind instruction, without operands
  Closing closing = Closing::none;
  Shape kept;  // of kind closing: the domain with 1 where it is reduced

  bool fuses() const { return kind == Kind::instruction || kind == Kind::closing; }
};
FusionPart fusion_part(const Node& node);

// What a program reads for a node that fuses. Broadcasts are looked through, except where the
// position of an element matters (dropout) or all of them do (reductions).
std::vector<Value> fusion_operands(const Node& node, const FusionPart& part);

// One or more nodes that run together; a unit of several is a program.
using FusionUnit = std::vector<NodePtr>;

// All nodes of the graph in units, each after the units it reads. `queued`: see Machine.
std::vector<FusionUnit> elementwise_groups(const Graph& graph, bool queued);

}  // namespace kn
