// Running single kernels on host tensors, with the rules of runtime/kernel.h checked: outputs and
// workspace are 64-byte aligned, hold garbage before the run, and are followed by guard bytes.
#pragma once

#include <string_view>
#include <vector>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "runtime/thread_pool.h"
#include "support/tensors.h"

namespace kn::test {

struct KernelCall {
  std::string_view op;
  const Attrs& attrs;
  std::vector<const HostTensor*> in;
  std::vector<TensorType> out;
  const Payload* payload = nullptr;
  std::vector<bool> is_constant = {};    // per input; empty: none is a constant of the plan
  const KernelSource* source = nullptr;  // of the kernels that a loop runs
};

struct RunOptions {
  int threads = 1;
  uint64_t step = 0;
  int misalign = 0;           // inputs start this many bytes past a 64-byte boundary
  bool use_in_place = false;  // put outputs over inputs wherever the kernel allows it
};

// A kernel made by one candidate, or nullptr with the reason.
std::unique_ptr<Kernel> make_kernel(const Candidate& candidate, const KernelCall& call,
                                    std::string& refusal);
std::vector<HostTensor> run_kernel(const Kernel& kernel, const KernelCall& call,
                                   const RunOptions& options = {});
// By the reference candidate of the op. Throws RuntimeError where it has none or that refuses.
std::vector<HostTensor> run_reference(const KernelCall& call, const RunOptions& options = {});

// Sets the instruction set for its lifetime.
class IsaScope {
 public:
  explicit IsaScope(cpu::Isa isa) : before_(cpu::current_isa()) { cpu::set_isa(isa); }
  ~IsaScope() { cpu::set_isa(before_); }
  IsaScope(const IsaScope&) = delete;
  IsaScope& operator=(const IsaScope&) = delete;

 private:
  cpu::Isa before_;
};

// A pool of that many threads, shared by all tests of the process.
ThreadPool& pool_of(int threads);

}  // namespace kn::test
