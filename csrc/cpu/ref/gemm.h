// The plain truth of matrix products: three loops, sums in double precision.
#pragma once

#include "cpu/gemm.h"

namespace kn::cpu::ref {

// The activation of an epilogue; copy is none.
double activated(double x, Opcode activation);

void gemm(const GemmShape& shape, const void* a, const void* b, void* c, const Epilogue& epilogue);

}  // namespace kn::cpu::ref
