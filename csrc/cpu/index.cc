#include "cpu/ref/index.h"

#include "cpu/families.h"

namespace kn::cpu {

namespace {

const Candidate kGather[] = {{"ref", ref::make_gather}};
const Candidate kScatterAdd[] = {{"ref", ref::make_scatter_add}};
const Candidate kTakeAlong[] = {{"ref", ref::make_take_along}};
const Candidate kPutAlong[] = {{"ref", ref::make_put_along}};
const Candidate kOneHot[] = {{"ref", ref::make_one_hot}};
const Candidate kTopK[] = {{"ref", ref::make_top_k}};
const Candidate kInTopK[] = {{"ref", ref::make_in_top_k}};

const OpKernels kKernels[] = {
    {"gather", kGather},
    {"scatter_add", kScatterAdd},
    {"take_along", kTakeAlong},
    {"put_along", kPutAlong},
    {"one_hot", kOneHot},
    {"top_k", kTopK},
    {"in_top_k", kInTopK},
};

}  // namespace

std::span<const OpKernels> index_kernels() { return kKernels; }

}  // namespace kn::cpu
