// Random graphs for tests of passes, plans and executables: elementwise chains, products, aliases,
// moves, reductions, variables that are read, replaced and swapped.
#pragma once

#include <random>

#include "graph/builder.h"
#include "graph/graph.h"
#include "runtime/variable.h"
#include "support/tensors.h"

namespace kn::test {

// A variable as a graph value.
Value value_of(const std::shared_ptr<Variable>& variable);

struct RandomGraph {
  explicit RandomGraph(uint32_t seed, int operations = 25);

  Graph graph;  // inputs (None, 6) float64
  std::vector<std::shared_ptr<Variable>> variables;

  std::vector<HostTensor> draw_inputs(Dim rows, uint64_t seed) const;

 private:
  void grow(std::mt19937& random);

  // By shape: (None, 6), (6, 6), (6).
  std::vector<Value> rows_, squares_, vectors_;
};

}  // namespace kn::test
