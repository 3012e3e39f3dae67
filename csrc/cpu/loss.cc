#include "cpu/families.h"

namespace kn::cpu {

std::span<const OpKernels> loss_kernels() { return {}; }

}  // namespace kn::cpu
