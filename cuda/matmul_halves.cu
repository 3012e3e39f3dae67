#include "matmul.h"

namespace kn::cuda {

std::unique_ptr<Kernel> make_matmul_halves(const KernelRequest& r, std::string& refusal) {
  if (r.out[0].dtype != r.in[0].dtype) {
    refusal = "has results of its operands' dtype";
    return nullptr;
  }
  Opcode activation;
  if (!find_activation(r, activation, refusal)) return nullptr;
  if (r.in[0].dtype == DType::f16) return std::make_unique<Matmul<Float16, true>>(r, activation);
  if (r.in[0].dtype == DType::bf16) return std::make_unique<Matmul<BFloat16, true>>(r, activation);
  refusal = "computes float16 and bfloat16 only";
  return nullptr;
}

}  // namespace kn::cuda
