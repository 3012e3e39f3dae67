#include "matmul.h"

namespace kn::cuda {

namespace {

std::unique_ptr<Kernel> make_tiles(const KernelRequest& r, std::string& refusal) {
  Opcode activation;
  if (!find_activation(r, activation, refusal)) return nullptr;
  switch (r.in[0].dtype) {
    case DType::f32: return std::make_unique<Matmul<float, false>>(r, activation);
    case DType::f64: return std::make_unique<Matmul<double, false>>(r, activation);
    case DType::i32: return std::make_unique<Matmul<int32_t, false>>(r, activation);
    case DType::i64: return std::make_unique<Matmul<int64_t, false>>(r, activation);
    default: break;
  }
  refusal = "products of " + std::string(name_of(r.in[0].dtype)) + " are not computed";
  return nullptr;
}

const Candidate kMatmul[] = {{"hopper", make_matmul_hopper, true},
                             {"halves", make_matmul_halves, true},
                             {"tf32", make_matmul_tf32},
                             {"tiles", make_tiles}};
const OpKernels kKernels[] = {{"matmul", kMatmul}};

}  // namespace

std::span<const OpKernels> matmul_kernels() { return kKernels; }

}  // namespace kn::cuda
