#include "conv.h"

namespace kn::cuda {

template <Pass pass>
std::unique_ptr<Kernel> make_conv_tf32(const KernelRequest& r, std::string& refusal) {
  return may_use_tf32(r, refusal) ? make_conv<float, pass, true>(r, refusal) : nullptr;
}

template std::unique_ptr<Kernel> make_conv_tf32<Pass::forward>(const KernelRequest&, std::string&);
template std::unique_ptr<Kernel> make_conv_tf32<Pass::data>(const KernelRequest&, std::string&);
template std::unique_ptr<Kernel> make_conv_tf32<Pass::weights>(const KernelRequest&, std::string&);

}  // namespace kn::cuda
