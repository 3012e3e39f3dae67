#include "cpu/families.h"

namespace kn::cpu {

std::span<const OpKernels> index_kernels() { return {}; }

}  // namespace kn::cpu
