#include "cpu/families.h"
#include "cpu/ref/elementwise.h"

namespace kn::cpu {

namespace {

const Candidate kElementwise[] = {{"ref", ref::make_elementwise}};

const OpKernels kKernels[] = {
#define KN_OP(name, arity, accepts, result) {#name, kElementwise},
#include "base/elementwise_ops.inc"
#undef KN_OP
    {"cast", kElementwise},       {"zeros_like", kElementwise},     {"ones_like", kElementwise},
    {"full_like", kElementwise},  {"broadcast_like", kElementwise}, {"broadcast_to", kElementwise},
    {"fused", kElementwise},
};

}  // namespace

std::span<const OpKernels> elementwise_kernels() { return kKernels; }

}  // namespace kn::cpu
