#include "passes/pipeline.h"

namespace kn {

Graph fuse_updates(const Graph& graph) { return graph; }

}  // namespace kn
