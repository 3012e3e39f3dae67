// The plain truth of the cross-entropies, in float64. Formulas: ops/loss.cc.
#pragma once

#include <memory>
#include <string>

#include "runtime/kernel.h"

namespace kn::cpu::ref {

// All cross-entropies over classes, dense and sparse, and their gradients.
std::unique_ptr<Kernel> make_loss(const KernelRequest& request, std::string& refusal);
std::unique_ptr<Kernel> make_loss_step(const KernelRequest& request, std::string& refusal);
std::unique_ptr<Kernel> make_binary_loss(const KernelRequest& request, std::string& refusal);

}  // namespace kn::cpu::ref
