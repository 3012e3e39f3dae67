#include "matmul.h"

namespace kn::cuda {

std::unique_ptr<Kernel> make_matmul_tf32(const KernelRequest& r, std::string& refusal) {
  Opcode activation;
  if (!may_use_tf32(r, refusal) || !find_activation(r, activation, refusal)) return nullptr;
  return std::make_unique<Matmul<float, true>>(r, activation);
}

}  // namespace kn::cuda
