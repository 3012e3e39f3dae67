#include <algorithm>

#include "graph/op_def.h"
#include "plan/plan.h"

namespace kn {

namespace {

bool has_halves(std::span<const TensorType> types) {
  return std::any_of(types.begin(), types.end(),
                     [](const TensorType& t) { return is_half(t.dtype); });
}

}  // namespace

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
  const bool halves = has_halves(in) || has_halves(node.outputs);
  for (const Candidate& candidate : kernels.candidates(node.op->name)) {
    std::string reason;  // empty at first: some candidates are made where it stays so
    if (halves && !candidate.halves) {
      reason = "takes no float16 or bfloat16";
    } else if (auto kernel = candidate.make(request, reason)) {
      chosen = candidate.name;
      return kernel;
    }
    refusals += concat_text(refusals.empty() ? "" : "; ", candidate.name, ": ", reason);
  }
  return nullptr;
}

bool has_kernel(const Node& node, const KernelSource& kernels) {
  std::string_view chosen;
  std::string refusals;
  return choose_kernel(node, kernels, chosen, refusals) != nullptr;
}

}  // namespace kn
