#include "plan/plan.h"

#include "graph/op_def.h"

namespace kn {

std::unique_ptr<Kernel> choose_kernel(const Node& node, const KernelSource& kernels,
                                      std::string_view& chosen, std::string& refusals) {
  std::vector<TensorType> in;
  std::vector<const HostTensor*> constants;
  for (const Value& v : node.inputs) {
    in.push_back(v.type());
    constants.push_back(v.node->op->name == "constant"
                            ? static_cast<const HostTensor*>(v.node->payload.get())
                            : nullptr);
  }
  const KernelRequest request{node.op->name,      node.attrs, in,      node.outputs,
                              node.payload.get(), constants,  &kernels};
  for (const Candidate& candidate : kernels.candidates(node.op->name)) {
    std::string reason;
    if (auto kernel = candidate.make(request, reason)) {
      chosen = candidate.name;
      return kernel;
    }
    refusals += concat_text(refusals.empty() ? "" : "; ", candidate.name, ": ", reason);
  }
  return nullptr;
}

}  // namespace kn
