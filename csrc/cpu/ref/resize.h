// Reference kernels of ops/resize.cc.
#pragma once

#include "runtime/kernel.h"

namespace kn::cpu::ref {

std::unique_ptr<Kernel> make_resize_nearest(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_resize_bilinear(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_resize_nearest_grad(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_resize_bilinear_grad(const KernelRequest& r, std::string& refusal);

}  // namespace kn::cpu::ref
