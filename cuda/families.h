// The families of CUDA kernels, one .cu file each: per op, its candidates in order.
#pragma once

#include "runtime/kernel.h"

// clang-format off
#define KN_CUDA_FAMILIES(F) \
  F(elementwise) F(reduce) F(position) F(matmul) F(movement) F(slicing) F(resize) F(fill) F(index) \
  F(top_k) F(random) F(softmax) F(loss) F(normalization) F(optimizer) F(conv) F(pool) \
  F(observe) F(recurrent) F(sparse_update)
// clang-format on

namespace kn::cuda {

struct OpKernels {
  std::string_view op;
  std::span<const Candidate> candidates;
};

#define KN_DECLARE(family) std::span<const OpKernels> family##_kernels();
KN_CUDA_FAMILIES(KN_DECLARE)
#undef KN_DECLARE

// All candidates for an op; empty where there is no kernel.
std::span<const Candidate> find_candidates(std::string_view op);

}  // namespace kn::cuda
