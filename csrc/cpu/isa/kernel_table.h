// The inner loops of one instruction set: one struct of function pointers per family, each
// declared in its own header beside the family's .isa.cc. Plain data: no std types.
#pragma once

#include "cpu/isa/families.inc"

namespace kn::cpu {

struct KernelTable {
#define KN_FAMILY(name, Type) Type name;
  KN_FAMILIES(KN_FAMILY)
#undef KN_FAMILY
};

}  // namespace kn::cpu
