// top_k by selection.
#pragma once

#include "runtime/kernel.h"

namespace kn::cpu {

std::unique_ptr<Kernel> make_top_k(const KernelRequest& r, std::string& refusal);

}  // namespace kn::cpu
