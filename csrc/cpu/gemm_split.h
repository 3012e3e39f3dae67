// How a matrix product is cut into pieces, decided from its shape.
#pragma once

#include "cpu/gemm.h"

namespace kn::cpu {

// All that touches the order of sums depends on the shape alone; how C is cut into chunks also on
// the number of threads, `slots`.
GemmSplit split_gemm(const GemmShape& shape, const GemmTable& table, int slots);

}  // namespace kn::cpu
