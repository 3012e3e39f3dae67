// Reference kernels of ops/index.cc.
#pragma once

#include "runtime/kernel.h"

namespace kn::cpu::ref {

std::unique_ptr<Kernel> make_gather(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_scatter_add(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_take_along(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_put_along(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_one_hot(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_top_k(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_in_top_k(const KernelRequest& r, std::string& refusal);

}  // namespace kn::cpu::ref
