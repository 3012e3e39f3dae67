// The families of CPU kernels, one .cc file each: per op, its candidates in order, reference last.
#pragma once

#include <span>
#include <string_view>

#include "runtime/kernel.h"

// clang-format off
#define KN_CPU_FAMILIES(F) \
  F(shape) F(elementwise) F(reduce) F(matmul) F(movement) F(slicing) F(resize) F(fill) F(index) \
  F(random) F(softmax) F(loss) F(normalization) F(optimizer) F(conv) F(pool) \
  F(observe) F(recurrent) F(sparse_update)
// clang-format on

namespace kn::cpu {

struct OpKernels {
  std::string_view op;
  std::span<const Candidate> candidates;
};

#define KN_DECLARE(family) std::span<const OpKernels> family##_kernels();
KN_CPU_FAMILIES(KN_DECLARE)
#undef KN_DECLARE

// All of them. With `reference_only` just the last candidate of each op: the oracle of tests.
const KernelSource& kernels(bool reference_only = false);

}  // namespace kn::cpu
