#include "exec/evaluate.h"

#include "graph/op_def.h"
#include "plan/plan.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace kn {

HostTensorPtr evaluate(const Node& node, const KernelSource& kernels) {
  auto result = std::make_shared<HostTensor>(node.outputs[0]);
  std::vector<const void*> in;
  for (const Value& v : node.inputs)
    in.push_back(static_cast<const HostTensor&>(*v.node->payload).data());
  if (node.op->is(kAlias)) {
    if (result->bytes()) std::memcpy(result->data(), in[0], result->bytes());
    return result;
  }
  std::string_view chosen;
  std::string refusals;
  const std::unique_ptr<Kernel> kernel = choose_kernel(node, kernels, chosen, refusals);
  if (!kernel) return nullptr;
  Buffer workspace(cpu_device(), kernel->workspace_bytes());
  const FlushSubnormals mode;
  void* out = result->data();
  Fault fault;
  kernel->run({in.data(), &out, workspace.data(), &global_pool(), 0, &fault});
  if (fault.raised()) return nullptr;  // left to the run, which says where
  return result;
}

}  // namespace kn
