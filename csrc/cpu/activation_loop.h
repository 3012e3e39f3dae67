// The loop over elements of an activation, for what tiles do not do themselves.
#pragma once

#include "base/opcode.h"
#include "cpu/isa/elementwise.h"
#include "cpu/isa/isa.h"

namespace kn::cpu {

// Over elements of T; nullptr for none (copy) and for relu, which tiles know.
template <class T>
TileFn activation_loop(Opcode activation) {
  if (activation == Opcode::copy || activation == Opcode::relu) return nullptr;
  const int op = static_cast<int>(activation), type = sizeof(T) == 8;
  const TileFn series = table().vec_math.op[op][type];
  return series ? series : table().elementwise.op[op][type];
}

}  // namespace kn::cpu
