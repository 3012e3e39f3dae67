#include "cpu/families.h"

namespace kn::cpu {

std::span<const OpKernels> matmul_kernels() { return {}; }

}  // namespace kn::cpu
