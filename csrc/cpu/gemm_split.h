// How a matrix product is cut into pieces, decided from its shape.
#pragma once

#include "cpu/gemm.h"

namespace kn::cpu {

// For tiles of tile_rows x 2 vectors of `lanes` elements. All that touches the order of sums
// depends on the shape alone; how C is cut into chunks also on the number of threads, `slots`.
GemmSplit split_gemm(const GemmShape& shape, int64_t tile_rows, int64_t lanes, int slots);

}  // namespace kn::cpu
