// What a step of training wants of a head of classes, in one launch.
#pragma once

#include <memory>
#include <string>

#include "runtime/kernel.h"

namespace kn::cuda {

std::unique_ptr<Kernel> make_loss_step(const KernelRequest& request, std::string& refusal);

}  // namespace kn::cuda
