// Table of tile functions for the opcodes that take more than arithmetic: exponentials,
// logarithms, trigonometry. Only float32 and float64; nullptr for all other opcodes.
#pragma once

#include "cpu/isa/elementwise.h"

namespace kn::cpu {

struct VecMathTable {
  TileFn op[kOpcodeCount][2];
};

}  // namespace kn::cpu
