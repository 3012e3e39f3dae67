#include "cpu/families.h"

namespace kn::cpu {

std::span<const OpKernels> movement_kernels() { return {}; }

}  // namespace kn::cpu
