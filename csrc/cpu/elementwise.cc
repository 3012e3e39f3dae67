#include "cpu/families.h"

namespace kn::cpu {

std::span<const OpKernels> elementwise_kernels() { return {}; }

}  // namespace kn::cpu
