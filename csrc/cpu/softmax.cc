#include "cpu/families.h"
#include "cpu/ref/softmax.h"

namespace kn::cpu {

namespace {

const Candidate kSoftmax[] = {{"ref", ref::make_softmax}};
const Candidate kSoftmaxGrad[] = {{"ref", ref::make_softmax_grad}};

const OpKernels kKernels[] = {{"softmax", kSoftmax},
                              {"log_softmax", kSoftmax},
                              {"softmax_grad", kSoftmaxGrad},
                              {"log_softmax_grad", kSoftmaxGrad}};

}  // namespace

std::span<const OpKernels> softmax_kernels() { return kKernels; }

}  // namespace kn::cpu
