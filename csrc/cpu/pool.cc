#include "cpu/families.h"
#include "cpu/ref/window.h"

namespace kn::cpu {

namespace {

const Candidate kMaxPool[] = {{"ref", ref::make_max_pool}};
const Candidate kMaxPoolData[] = {{"ref", ref::make_max_pool_data}};
const Candidate kMaxPoolPick[] = {{"ref", ref::make_max_pool_pick}};
const Candidate kAveragePool[] = {{"ref", ref::make_average_pool}};
const Candidate kAveragePoolData[] = {{"ref", ref::make_average_pool_data}};

const OpKernels kKernels[] = {{"max_pool", kMaxPool},
                              {"max_pool_data", kMaxPoolData},
                              {"max_pool_pick", kMaxPoolPick},
                              {"average_pool", kAveragePool},
                              {"average_pool_data", kAveragePoolData}};

}  // namespace

std::span<const OpKernels> pool_kernels() { return kKernels; }

}  // namespace kn::cpu
