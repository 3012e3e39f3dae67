// The plain truth of reductions and running sums: one output element after the other, in float64
// (integers modulo 2^64).
#pragma once

#include <memory>
#include <string>

#include "runtime/kernel.h"

namespace kn::cpu::ref {

// sum mean max min prod var std any all logsumexp sum_like
std::unique_ptr<Kernel> make_reduce(const KernelRequest& request, std::string& refusal);
// argmax argmin
std::unique_ptr<Kernel> make_position(const KernelRequest& request, std::string& refusal);
// cumsum cumprod
std::unique_ptr<Kernel> make_running(const KernelRequest& request, std::string& refusal);
std::unique_ptr<Kernel> make_linear_scan(const KernelRequest& request, std::string& refusal);

}  // namespace kn::cpu::ref
