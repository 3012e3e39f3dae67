#include "cpu/ref/random.h"

#include "cpu/families.h"

namespace kn::cpu {

namespace {

const Candidate kRandomUniform[] = {{"ref", ref::make_random_uniform}};
const Candidate kRandomNormal[] = {{"ref", ref::make_random_normal}};
const Candidate kTruncatedNormal[] = {{"ref", ref::make_truncated_normal}};
const Candidate kRandomBernoulli[] = {{"ref", ref::make_random_bernoulli}};
const Candidate kDropout[] = {{"ref", ref::make_dropout}};

const OpKernels kKernels[] = {
    {"random_uniform", kRandomUniform},
    {"random_normal", kRandomNormal},
    {"truncated_normal", kTruncatedNormal},
    {"random_bernoulli", kRandomBernoulli},
    {"dropout", kDropout},
};

}  // namespace

std::span<const OpKernels> random_kernels() { return kKernels; }

}  // namespace kn::cpu
