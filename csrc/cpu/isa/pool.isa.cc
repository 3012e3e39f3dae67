#include "cpu/isa/pool.h"
#include "cpu/isa/kernel_table.h"
#include "cpu/isa/pool_rules.inc"

namespace kn::cpu {

KN_FILL(pool) {
  table.pool.f32 = pool_kernels<float>();
  table.pool.f64 = pool_kernels<double>();
}

}  // namespace kn::cpu
