// What one instruction of an elementwise program does. Free of std types, so that inner loops
// compiled for one instruction set may include it.
#pragma once

#include <cstdint>

namespace kn {

enum class Opcode : uint8_t {
#define KN_OP(name, arity, accepts, result) name,
#include "base/elementwise_ops.inc"
#undef KN_OP
  fill,     // p0 everywhere
  copy,     // also the broadcasts
  cast,     // from one dtype to another
  muladd,   // a * b + c
  dropout,  // a / (1 - p0) or 0, drawn by (seed, step of the run, position in the domain)
};
inline constexpr int kOpcodeCount = static_cast<int>(Opcode::dropout) + 1;

}  // namespace kn
