#include "passes/pipeline.h"

namespace kn {

Graph fuse_elementwise(const Graph& graph) { return graph; }

}  // namespace kn
