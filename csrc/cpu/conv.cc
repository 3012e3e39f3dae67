// The order in which the ways to convolve are tried; each says why it refuses.
#include "cpu/conv.h"

#include "cpu/conv_halves.h"
#include "cpu/families.h"
#include "cpu/ref/window.h"

namespace kn::cpu {

namespace {

const Candidate kConv[] = {{"halves", make_conv_halves<ConvPass::forward>, true},
                           {"product", make_conv_product<ConvPass::forward>},
                           {"winograd", make_conv_winograd},
                           {"depthwise", make_conv_depthwise},
                           {"sheets", make_conv_sheets<ConvPass::forward>},
                           {"direct", make_conv_direct},
                           {"bands", make_conv_bands<ConvPass::forward>},
                           {"ref", ref::make_conv}};
const Candidate kConvData[] = {{"halves", make_conv_halves<ConvPass::data>, true},
                               {"product", make_conv_product<ConvPass::data>},
                               {"winograd", make_conv_data_winograd},
                               {"depthwise", make_conv_data_depthwise},
                               {"sheets", make_conv_sheets<ConvPass::data>},
                               {"direct", make_conv_data_direct},
                               {"bands", make_conv_bands<ConvPass::data>},
                               {"ref", ref::make_conv_data}};
const Candidate kConvWeights[] = {{"halves", make_conv_halves<ConvPass::weights>, true},
                                  {"product", make_conv_product<ConvPass::weights>},
                                  {"winograd", make_conv_weights_winograd},
                                  {"sheets", make_conv_sheets<ConvPass::weights>},
                                  {"direct", make_conv_weights_direct},
                                  {"bands", make_conv_bands<ConvPass::weights>},
                                  {"ref", ref::make_conv_weights}};

const OpKernels kKernels[] = {
    {"conv", kConv}, {"conv_data", kConvData}, {"conv_weights", kConvWeights}};

}  // namespace

std::span<const OpKernels> conv_kernels() { return kKernels; }

}  // namespace kn::cpu
