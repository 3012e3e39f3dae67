#include "cpu/families.h"

namespace kn::cpu {

std::span<const OpKernels> optimizer_kernels() { return {}; }

}  // namespace kn::cpu
