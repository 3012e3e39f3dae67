// Loops over a leading axis: K.rnn, map_fn, foldl and foldr.
#pragma once

#include <vector>

#include "graph/node.h"

namespace kn::ops {

struct LoopSpec {
  std::vector<Value> sequences;   // each (T, …)
  std::vector<Value> states;      // values before the first step
  std::vector<Value> slices;      // placeholders for one step of each sequence, (…)
  std::vector<Value> states_in;   // placeholders for the states before a step
  std::vector<Value> outputs;     // of one step, to be stacked to (T, …)
  std::vector<Value> states_out;  // states after a step
  bool reverse = false;           // from the last step to the first
  int64_t steps = -1;             // T where there is no sequence
};

struct LoopResult {
  std::vector<Value> outputs;  // (T, …) each, at the index of the step whatever the direction
  std::vector<Value> states;   // after the last step
};

// Values of the surrounding graph that the step uses become loop invariants. Throws ValueError
// where a state changes its type from step to step.
LoopResult make_loop(const LoopSpec& spec);

}  // namespace kn::ops
