#include "conv.h"

namespace kn::cuda {

template <Pass pass>
std::unique_ptr<Kernel> make_conv_halves(const KernelRequest& r, std::string& refusal) {
  if (r.out[0].dtype != r.in[0].dtype) {
    refusal = "has results of its operands' dtype";
    return nullptr;
  }
  if (r.in[0].dtype == DType::f16) return make_conv<Float16, pass, true>(r, refusal);
  if (r.in[0].dtype == DType::bf16) return make_conv<BFloat16, pass, true>(r, refusal);
  refusal = "computes float16 and bfloat16 only";
  return nullptr;
}

template std::unique_ptr<Kernel> make_conv_halves<Pass::forward>(const KernelRequest&,
                                                                 std::string&);
template std::unique_ptr<Kernel> make_conv_halves<Pass::data>(const KernelRequest&, std::string&);
template std::unique_ptr<Kernel> make_conv_halves<Pass::weights>(const KernelRequest&,
                                                                 std::string&);

}  // namespace kn::cuda
