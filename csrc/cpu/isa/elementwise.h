// Table of tile functions: one instruction of an elementwise program on one tile of elements.
#pragma once

#include <cstdint>

#include "base/opcode.h"

namespace kn::cpu {

// The element types of the tables, in the order of DType.
inline constexpr int kTileTypes = 8;  // f32 f64 i32 i64 u8 b8 f16 bf16

// An operand is a tile of elements, or one value repeated over 64 bytes where `varies` is 0.
struct TileOperands {
  const void* source[3];
  int8_t varies[3];
  double p0, p1;
};

// out may be one of the sources, or share no memory with them.
using TileFn = void (*)(void* out, const TileOperands& in, int64_t n);

struct ElementwiseTable {
  TileFn op[kOpcodeCount][kTileTypes];  // by dtype of the operands; nullptr: see VecMathTable
  TileFn cast[kTileTypes][kTileTypes];  // from, to; of halves only to and from f32
  // out[i][j] = x[i * step] for out (rows, n), by the logarithm of the element's size. Up to 64
  // bytes after out are written as well.
  void (*spread[4])(const void* x, int64_t step, void* out, int64_t rows, int64_t n);
};

}  // namespace kn::cpu
