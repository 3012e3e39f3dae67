// An Executable called with host tensors.
#pragma once

#include "cpu/families.h"
#include "exec/executable.h"
#include "exec/runnable_plan.h"
#include "support/tensors.h"

namespace kn::test {

class Function {
 public:
  explicit Function(Graph graph, Phase phase = Phase::training)
      : executable_(std::move(graph), cpu::kernels(), phase, "test") {}

  std::vector<HostTensor> operator()(const std::vector<HostTensor>& feeds) {
    const auto plan = plan_for(feeds);
    std::vector<HostTensor> results;
    for (const TensorType& t : plan->plan().outputs) results.emplace_back(t);
    run(*plan, feeds, results);
    return results;
  }

  std::shared_ptr<const RunnablePlan> plan_for(const std::vector<HostTensor>& feeds) {
    std::vector<ArrayRef> refs;
    for (const HostTensor& t : feeds) refs.push_back({t.data(), t.type()});
    return executable_.plan_for(refs, Phase::input);
  }

  void run(const RunnablePlan& plan, const std::vector<HostTensor>& feeds,
           std::vector<HostTensor>& results) {
    std::vector<const void*> in;
    std::vector<void*> out;
    for (const HostTensor& t : feeds) in.push_back(t.data());
    for (HostTensor& t : results) out.push_back(t.data());
    executable_.run(plan, in, out);
  }

  Executable& executable() { return executable_; }

 private:
  Executable executable_;
};

}  // namespace kn::test
