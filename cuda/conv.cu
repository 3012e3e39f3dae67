#include "conv.h"

namespace kn::cuda {

namespace {

template <Pass pass>
std::unique_ptr<Kernel> make_implicit(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return make_conv<float, pass, false>(r, refusal);
  if (r.in[0].dtype == DType::f64) return make_conv<double, pass, false>(r, refusal);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

template <Pass pass>
constexpr Candidate kCandidates[] = {{"hopper", make_conv_hopper<pass>, true},
                                     {"halves", make_conv_halves<pass>, true},
                                     {"tf32", make_conv_tf32<pass>},
                                     {"implicit", make_implicit<pass>}};

const OpKernels kKernels[] = {{"conv", kCandidates<Pass::forward>},
                              {"conv_data", kCandidates<Pass::data>},
                              {"conv_weights", kCandidates<Pass::weights>}};

}  // namespace

std::span<const OpKernels> conv_kernels() { return kKernels; }

}  // namespace kn::cuda
