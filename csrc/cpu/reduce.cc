#include "cpu/families.h"
#include "cpu/ref/reduce.h"

namespace kn::cpu {

namespace {

const Candidate kReduce[] = {{"ref", ref::make_reduce}};
const Candidate kPosition[] = {{"ref", ref::make_position}};
const Candidate kRunning[] = {{"ref", ref::make_running}};
const Candidate kLinearScan[] = {{"ref", ref::make_linear_scan}};

const OpKernels kKernels[] = {
    {"sum", kReduce},          {"mean", kReduce},       {"max", kReduce},
    {"min", kReduce},          {"prod", kReduce},       {"var", kReduce},
    {"std", kReduce},          {"any", kReduce},        {"all", kReduce},
    {"logsumexp", kReduce},    {"sum_like", kReduce},   {"argmax", kPosition},
    {"argmin", kPosition},     {"cumsum", kRunning},    {"cumprod", kRunning},
    {"linear_scan", kLinearScan},
};

}  // namespace

std::span<const OpKernels> reduce_kernels() { return kKernels; }

}  // namespace kn::cpu
