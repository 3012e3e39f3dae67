#include <unordered_map>

#include "cpu/families.h"

namespace kn::cpu {

namespace {

class Source : public KernelSource {
 public:
  explicit Source(bool reference_only) : reference_only_(reference_only) {
#define KN_ADD(family) \
  for (const OpKernels& k : family##_kernels()) by_op_[k.op] = k.candidates;
    KN_CPU_FAMILIES(KN_ADD)
#undef KN_ADD
  }
  std::span<const Candidate> candidates(std::string_view op) const override {
    const auto found = by_op_.find(op);
    if (found == by_op_.end()) return {};
    return reference_only_ ? found->second.last(1) : found->second;
  }

 private:
  bool reference_only_;
  std::unordered_map<std::string_view, std::span<const Candidate>> by_op_;
};

}  // namespace

const KernelSource& kernels(bool reference_only) {
  static const Source all(false), reference(true);
  return reference_only ? reference : all;
}

}  // namespace kn::cpu
