#include "cpu/isa/vec_math.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"

namespace kn::cpu {
namespace {

void exp_f32(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = __builtin_expf(x[i]);
}

}  // namespace

KN_FILL(vec_math) { table.vec_math.exp_f32 = exp_f32; }

}  // namespace kn::cpu
