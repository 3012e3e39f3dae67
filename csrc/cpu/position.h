// argmax and argmin along the last axis, on vector loops.
#pragma once

#include <memory>
#include <string>

#include "runtime/kernel.h"

namespace kn::cpu {

std::unique_ptr<Kernel> make_position(const KernelRequest& request, std::string& refusal);

}  // namespace kn::cpu
