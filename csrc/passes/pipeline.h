// The passes and their order. They run when a plan is made, on a graph whose every shape is known.
#pragma once

#include <vector>

#include "base/error.h"
#include "base/function_ref.h"
#include "graph/graph.h"

namespace kn {

// Computes a node whose inputs are all constants; nullptr where the device has no kernel for it.
using Evaluator = FunctionRef<HostTensorPtr(const Node& node)>;

// Whether the device has a kernel for a node with operands or results of float16 or bfloat16.
using TakesHalves = FunctionRef<bool(const Node& node)>;

// What the passes ask of who runs the plan.
struct Machine {
  Evaluator evaluate;
  TakesHalves takes_halves;
  bool queued = false;  // whether it has a queue (runtime/queue.h), and runs ops beside each other
};

// Where a shape follows from values that are not known when the plan is made.
struct UnknownShape : ValueError {
  using ValueError::ValueError;
};

// What a plan is made for: the exact type of an input and, where shapes follow from it, its value.
struct PlanInput {
  TensorType type;
  HostTensorPtr value;
};

// Rebuilds the graph over inputs of exactly these types and for one learning phase. Shapes become
// constants, branches of the other phase fall away, what depends on constants only is computed,
// equal nodes become one, and trivial arithmetic is dropped.
Graph specialize(const Graph& graph, const std::vector<PlanInput>& inputs, bool training,
                 const Machine& machine);

// An equal, simpler value for an output of a node with known shapes, or an empty Value.
Value simplify(const Node& node);
Value simplify_move(const Node& node);  // its part for transposes and the like

Graph merge_traces(const Graph& graph);        // an op and its twin that keeps its steps
Graph choose_layouts(const Graph& graph);      // channels last, where that saves transposes
Graph fuse_matmul(const Graph& graph);         // transposes, bias and activation into GEMM
Graph fuse_conv(const Graph& graph);           // bias and activation into convolution
Graph fuse_bias_gradient(const Graph& graph);  // the gradient to a bias into that to the kernel
// Casts around what the device does not compute in float16 and bfloat16.
Graph widen_halves(const Graph& graph, TakesHalves takes_halves);
// Both directions of a recurrent layer into one, of small batches or of any.
Graph pair_sequences(const Graph& graph, bool of_any_batch);
Graph reuse_masks(const Graph& graph);        // masks of dropout, in gradients of relu
Graph fuse_softmax_loss(const Graph& graph);  // softmax with its cross-entropy
Graph fuse_loss_step(const Graph& graph);     // both with their gradient and hits of a metric
Graph sparse_updates(const Graph& graph);     // updates of tables by the rows that were read
Graph fuse_updates(const Graph& graph);       // optimizer updates of one kind into one node
// Chains, with a closing reduction, into one loop; `queued`: see Machine.
Graph fuse_elementwise(const Graph& graph, bool queued = false);

// All of the above in order. Throws UnknownShape where some shape is not known even then. Bodies of
// loops keep their layouts: a loop and its gradient draw the masks of dropout in two bodies, by the
// positions of elements.
Graph optimize(const Graph& graph, const std::vector<PlanInput>& inputs, bool training,
               const Machine& machine, bool loop_body = false);

}  // namespace kn
