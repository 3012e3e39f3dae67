// The plain truth of softmax, log_softmax and their gradients, in float64.
#pragma once

#include <memory>
#include <string>

#include "runtime/kernel.h"

namespace kn::cpu::ref {

std::unique_ptr<Kernel> make_softmax(const KernelRequest& request, std::string& refusal);
std::unique_ptr<Kernel> make_softmax_grad(const KernelRequest& request, std::string& refusal);

}  // namespace kn::cpu::ref
