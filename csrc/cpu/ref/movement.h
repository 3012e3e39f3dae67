// Reference kernels of ops/movement.cc, ops/slicing.cc and ops/fill.cc.
#pragma once

#include "runtime/kernel.h"

namespace kn::cpu::ref {

std::unique_ptr<Kernel> make_transpose(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_concat(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_stack(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_split(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_tile(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_tile_sum(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_repeat(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_repeat_sum(const KernelRequest& r, std::string& refusal);

std::unique_ptr<Kernel> make_slice(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_slice_grad(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_pad(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_pad_grad(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_reverse(const KernelRequest& r, std::string& refusal);

std::unique_ptr<Kernel> make_full(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_arange(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_eye(const KernelRequest& r, std::string& refusal);

}  // namespace kn::cpu::ref
