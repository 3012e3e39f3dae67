// The kernel of the op `loop`: runs the plan of its body once per step. It lives here, not with a
// device, because it needs plans; the kernels inside the body are the device's.
#pragma once

#include "runtime/kernel.h"

namespace kn {

// A device's kernels and the loop.
class WithLoops : public KernelSource {
 public:
  explicit WithLoops(const KernelSource& device) : device_(device) {}
  std::span<const Candidate> candidates(std::string_view op) const override;
  Device& device() const override { return device_.device(); }
  const KernelSource& host() const override { return device_.host(); }

 private:
  const KernelSource& device_;
};

}  // namespace kn
