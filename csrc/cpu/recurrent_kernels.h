// Kernels of recurrent layers over whole sequences (candidates in cpu/recurrent.cc).
#pragma once

#include <memory>
#include <string>

#include "runtime/kernel.h"

namespace kn::cpu {

// On tile multipliers, or on vectors.
std::unique_ptr<Kernel> make_sequence_in_tiles(const KernelRequest& r, std::string& why);
std::unique_ptr<Kernel> make_sequence(const KernelRequest& r, std::string& why);
std::unique_ptr<Kernel> make_sequence_grad_in_tiles(const KernelRequest& r, std::string& why);
std::unique_ptr<Kernel> make_sequence_grad(const KernelRequest& r, std::string& why);

}  // namespace kn::cpu
