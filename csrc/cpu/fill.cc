#include "cpu/ref/movement.h"

#include "cpu/families.h"

namespace kn::cpu {

namespace {

const Candidate kFull[] = {{"ref", ref::make_full}};
const Candidate kArange[] = {{"ref", ref::make_arange}};
const Candidate kEye[] = {{"ref", ref::make_eye}};

const OpKernels kKernels[] = {
    {"full", kFull},
    {"arange", kArange},
    {"eye", kEye},
};

}  // namespace

std::span<const OpKernels> fill_kernels() { return kKernels; }

}  // namespace kn::cpu
