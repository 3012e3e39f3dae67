// Matrices of floats, turned: TF32 is multiplied by wgmma along k only.
#pragma once

#include "run.h"

namespace kn::cuda {

// to (columns, rows) = from (rows, columns), of `many` matrices after each other.
void turn(const RunArgs& args, const float* from, float* to, int64_t rows, int64_t columns,
          int64_t many = 1);
size_t turned_bytes(int64_t elements);
// How long it takes, by the memory it moves.
double turning_seconds(int64_t elements);

}  // namespace kn::cuda
