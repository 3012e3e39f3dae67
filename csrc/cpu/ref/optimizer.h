// Optimizer updates, the plain truth: one element at a time, in double.
#pragma once

#include "base/update_rule.h"
#include "runtime/kernel.h"

namespace kn::cpu::ref {

std::unique_ptr<Kernel> make_update(const KernelRequest& request, std::string& refusal);
// Of the sparse_ ops: the gradient of an element is summed where it is needed.
std::unique_ptr<Kernel> make_sparse_update(const KernelRequest& request, std::string& refusal);

}  // namespace kn::cpu::ref
