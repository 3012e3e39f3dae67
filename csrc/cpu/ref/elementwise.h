// The plain truth of elementwise programs: element by element, float32 computed in float64 and
// rounded after each instruction.
#pragma once

#include <memory>
#include <string>

#include "base/program.h"
#include "runtime/kernel.h"

namespace kn::cpu::ref {

// For any op that base/program.h can lower, and for `fused`.
std::unique_ptr<Kernel> make_elementwise(const KernelRequest& request, std::string& refusal);

}  // namespace kn::cpu::ref
