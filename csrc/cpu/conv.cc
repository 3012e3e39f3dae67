#include "cpu/families.h"
#include "cpu/ref/window.h"

namespace kn::cpu {

namespace {

const Candidate kConv[] = {{"ref", ref::make_conv}};
const Candidate kConvData[] = {{"ref", ref::make_conv_data}};
const Candidate kConvWeights[] = {{"ref", ref::make_conv_weights}};

const OpKernels kKernels[] = {
    {"conv", kConv}, {"conv_data", kConvData}, {"conv_weights", kConvWeights}};

}  // namespace

std::span<const OpKernels> conv_kernels() { return kKernels; }

}  // namespace kn::cpu
