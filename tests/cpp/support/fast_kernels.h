// Every fast candidate of an op, on every instruction set, against the reference.
#pragma once

#include "base/error.h"
#include "support/kernels.h"

namespace kn::test {

// Runs f(results, description) for every candidate but the reference that takes the call, on every
// instruction set, with one thread and with three. Returns how many there were.
template <class F>
int for_each_fast_run(const KernelCall& call, const RunOptions& options, F f) {
  int runs = 0;
  const auto candidates = cpu::kernels().candidates(call.op);
  for (cpu::Isa isa : cpu::usable_isas()) {
    IsaScope scope(isa);
    for (const Candidate& candidate : candidates.first(candidates.size() - 1)) {
      std::string refusal;
      const auto kernel = make_kernel(candidate, call, refusal);
      if (!kernel) continue;
      for (int threads : {1, 3}) {
        RunOptions with = options;
        with.threads = threads;
        f(run_kernel(*kernel, call, with),
          concat_text(call.op, " by ", candidate.name, " on ", cpu::name_of(isa), " with ", threads,
                      " threads"));
        ++runs;
      }
    }
  }
  return runs;
}

// Every fast run must give the bits of the reference.
inline void expect_reference_bits(const KernelCall& call, const RunOptions& options = {}) {
  const auto want = run_reference(call, options);
  const int runs = for_each_fast_run(
      call, options, [&](const std::vector<HostTensor>& got, const std::string& what) {
        for (size_t i = 0; i < want.size(); ++i)
          EXPECT_TRUE(same_bits(got[i], want[i])) << what << ", output " << i;
      });
  EXPECT_GT(runs, 0) << call.op << " " << call.attrs << ": no fast kernel takes it";
}

}  // namespace kn::test
