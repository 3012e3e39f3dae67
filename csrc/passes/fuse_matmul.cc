#include "passes/pipeline.h"

namespace kn {

Graph fuse_matmul(const Graph& graph) { return graph; }

}  // namespace kn
