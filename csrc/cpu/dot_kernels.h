// The sums along memory of the instruction set in use, by type.
#pragma once

#include "cpu/isa/dots.h"
#include "cpu/isa/isa.h"

namespace kn::cpu {

template <class T>
const DotKernels<T>& dot_kernels_of() {
  if constexpr (sizeof(T) == 4) return table().dots.f32;
  else return table().dots.f64;
}

}  // namespace kn::cpu
