// Recurrent layers over whole sequences, the plain truth: row by row, gate by gate, in double.
#pragma once

#include "runtime/kernel.h"

namespace kn::cpu::ref {

std::unique_ptr<Kernel> make_sequence(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_sequence_grad(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_sequence_pair(const KernelRequest& r, std::string& refusal);

}  // namespace kn::cpu::ref
