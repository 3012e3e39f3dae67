// What all kernels of optimizer updates share: where the tensors of parameter i are among inputs
// (p × count, g × count, slot 0 × count, …, scalars) and outputs (p × count, slot 0 × count, …).
#pragma once

#include <vector>

#include "base/update_rule.h"
#include "runtime/kernel.h"

namespace kn::cpu {

class UpdateKernel : public Kernel {
 public:
  explicit UpdateKernel(const KernelRequest& r)
      : rule_(*find_update_rule(r.op)),
        count_(static_cast<int>(r.attrs.integer("count", 1))),
        epsilon_(r.attrs.number("epsilon", 0.0)) {
    for (int i = 0; i < count_; ++i) sizes_.push_back(r.in[i].shape.elements());
  }

  bool in_place(int output, int input) const override {
    // Outputs have no gradient among them: slot k is output block 1 + k and input block 2 + k.
    return output < count_ ? input == output : input == output + count_;
  }

  const UpdateRule& rule() const { return rule_; }
  int count() const { return count_; }
  double epsilon() const { return epsilon_; }
  int64_t size(int i) const { return sizes_[i]; }
  int gradient_input(int i) const { return count_ + i; }
  int slot_input(int k, int i) const { return (2 + k) * count_ + i; }
  int scalar_input(int k) const { return rule_.inputs_each() * count_ + k; }
  int slot_output(int k, int i) const { return (1 + k) * count_ + i; }

 private:
  const UpdateRule& rule_;
  int count_;
  double epsilon_;
  std::vector<int64_t> sizes_;
};

}  // namespace kn::cpu
