// What is compiled: outputs and updates of variables as functions of inputs. Passes turn one Graph
// into another; nodes are shared between them and never changed.
#pragma once

#include <memory>
#include <vector>

#include "graph/node.h"

namespace kn {

struct Update {
  Value variable;  // a `variable` node: what is written after all reads of a run
  Value value;
};

struct Graph {
  std::vector<Value> inputs;  // placeholders
  std::vector<Value> outputs;
  std::vector<Update> updates;

  // Everything that must be computed: outputs, then the values of updates.
  std::vector<Value> roots() const {
    std::vector<Value> all = outputs;
    for (const Update& u : updates) all.push_back(u.value);
    return all;
  }
};

}  // namespace kn
