#include "cpu/ref/resize.h"

#include "cpu/families.h"

namespace kn::cpu {

namespace {

const Candidate kResizeNearest[] = {{"ref", ref::make_resize_nearest}};
const Candidate kResizeBilinear[] = {{"ref", ref::make_resize_bilinear}};
const Candidate kResizeNearestGrad[] = {{"ref", ref::make_resize_nearest_grad}};
const Candidate kResizeBilinearGrad[] = {{"ref", ref::make_resize_bilinear_grad}};

const OpKernels kKernels[] = {
    {"resize_nearest", kResizeNearest},
    {"resize_bilinear", kResizeBilinear},
    {"resize_nearest_grad", kResizeNearestGrad},
    {"resize_bilinear_grad", kResizeBilinearGrad},
};

}  // namespace

std::span<const OpKernels> resize_kernels() { return kKernels; }

}  // namespace kn::cpu
