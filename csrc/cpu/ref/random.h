// Reference kernels of ops/random.cc: one Philox block per element.
#pragma once

#include "runtime/kernel.h"

namespace kn::cpu::ref {

std::unique_ptr<Kernel> make_random_uniform(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_random_normal(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_truncated_normal(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_random_bernoulli(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_dropout(const KernelRequest& r, std::string& refusal);

}  // namespace kn::cpu::ref
