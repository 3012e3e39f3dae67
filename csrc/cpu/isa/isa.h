// Instruction sets chosen at run time. Every file `<family>.isa.cc` of this folder is compiled once
// per target (baseline, avx2, avx512; cmake/isa.cmake) with KN_ISA naming it, and exports exactly
// one symbol, `fill_<family>_<isa>(KernelTable&)`. Everything else in such a file is in an
// anonymous namespace and uses no std templates or shared inline functions: those would leak wide
// instructions into code that runs on every machine (tests/cpp/cpu/isa_symbols checks with nm).
#pragma once

#include <span>
#include <string_view>

#include "cpu/isa/kernel_table.h"

namespace kn::cpu {

// amx is avx512 with tile multipliers for matrix products (<family>.amx.cc).
enum class Isa { baseline, avx2, avx512, amx };

// Targets that are built in and that this CPU can run, weakest first.
std::span<const Isa> usable_isas();
std::string_view name_of(Isa isa);
const KernelTable& table_of(Isa isa);

// The one in use: KERAS_NATIVE_ISA, else the best usable one. Throws ValueError where the variable
// names one that cannot run here.
const KernelTable& table();
Isa current_isa();
// For tests: kernels made from now on use this one.
void set_isa(Isa isa);

}  // namespace kn::cpu
