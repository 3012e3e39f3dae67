#include "passes/pipeline.h"

#include <functional>

#include "graph/op_def.h"
#include "graph/verifier.h"

namespace kn {

namespace {

void check([[maybe_unused]] const Graph& graph, [[maybe_unused]] const char* pass) {
#ifndef NDEBUG
  verify(graph.roots(), pass);
#endif
}

void require_known_shapes(const Graph& graph) {
  for (const NodePtr& node : topological_order(graph.roots()))
    for (const TensorType& type : node->outputs)
      if (!type.shape.known())
        fail<UnknownShape>('[', node->op->name, "] expected shapes that follow from the shapes of ",
                           "the inputs; got ", type, ", which depends on values",
                           node->layer.empty() ? "" : "; layer '" + node->layer + "'");
}

}  // namespace

Graph optimize(const Graph& graph, const std::vector<PlanInput>& inputs, bool training,
               const Machine& machine, bool loop_body) {
  struct Pass {
    const char* name;
    std::function<Graph(const Graph&)> run;
  };
  const auto pair = [&](const Graph& g) { return pair_sequences(g, machine.queued); };
  const auto fuse_chains = [&](const Graph& g) { return fuse_elementwise(g, machine.queued); };
  const Pass by_families[] = {
      {"fuse_matmul", fuse_matmul},
      {"fuse_conv", fuse_conv},
      {"fuse_bias_gradient", fuse_bias_gradient},
  };
  // Halves stay what they are for products with all that these take in, and only then.
  const Pass in_floats[] = {
      {"pair_sequences", pair},
      {"reuse_masks", reuse_masks},
      {"fuse_softmax_loss", fuse_softmax_loss},
      {"fuse_loss_step", fuse_loss_step},
      {"sparse_updates", sparse_updates},
      {"fuse_updates", fuse_updates},
      {"fuse_elementwise", fuse_chains},
  };
  Graph result = specialize(merge_traces(graph), inputs, training, machine);
  check(result, "specialize");
  require_known_shapes(result);
  if (!loop_body) result = choose_layouts(result);
  check(result, "choose_layouts");
  const auto run = [&](std::span<const Pass> passes) {
    for (const Pass& pass : passes) {
      result = pass.run(result);
      check(result, pass.name);
    }
  };
  run(by_families);
  result = widen_halves(result, machine.takes_halves);
  check(result, "widen_halves");
  run(in_floats);
  return result;
}

}  // namespace kn
