// The families of ops, one .cc file each; op_list.cc joins them. A new family: a file, a row.
#pragma once

#include <span>

#include "graph/op_def.h"

// clang-format off
#define KN_OP_FAMILIES(F) \
  F(source) F(shape) F(elementwise) F(reduce) F(matmul) F(movement) F(slicing) F(resize) F(fill) \
  F(index) F(random) F(softmax) F(loss) F(normalization) F(optimizer) F(loop) F(conv) F(pool) \
  F(observe) F(recurrent) F(sparse_update)
// clang-format on

namespace kn::ops {
#define KN_DECLARE(family) std::span<const OpDef> family();
KN_OP_FAMILIES(KN_DECLARE)
#undef KN_DECLARE
}  // namespace kn::ops
