#include <unordered_map>

#include "families.h"

namespace kn::cuda {

std::span<const Candidate> find_candidates(std::string_view op) {
  static const auto* by_op = [] {
    auto* map = new std::unordered_map<std::string_view, std::span<const Candidate>>;
#define KN_ADD(family) \
  for (const OpKernels& k : family##_kernels()) (*map)[k.op] = k.candidates;
    KN_CUDA_FAMILIES(KN_ADD)
#undef KN_ADD
    return map;
  }();
  const auto found = by_op->find(op);
  return found == by_op->end() ? std::span<const Candidate>() : found->second;
}

}  // namespace kn::cuda
