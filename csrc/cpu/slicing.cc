#include "cpu/ref/movement.h"

#include "cpu/families.h"

namespace kn::cpu {

namespace {

const Candidate kSlice[] = {{"ref", ref::make_slice}};
const Candidate kSliceGrad[] = {{"ref", ref::make_slice_grad}};
const Candidate kPad[] = {{"ref", ref::make_pad}};
const Candidate kPadGrad[] = {{"ref", ref::make_pad_grad}};
const Candidate kReverse[] = {{"ref", ref::make_reverse}};

const OpKernels kKernels[] = {
    {"slice", kSlice},
    {"slice_grad", kSliceGrad},
    {"pad", kPad},
    {"pad_grad", kPadGrad},
    {"reverse", kReverse},
};

}  // namespace

std::span<const OpKernels> slicing_kernels() { return kKernels; }

}  // namespace kn::cpu
