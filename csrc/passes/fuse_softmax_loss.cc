#include "passes/pipeline.h"

namespace kn {

Graph fuse_softmax_loss(const Graph& graph) { return graph; }

}  // namespace kn
