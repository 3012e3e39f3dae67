// Single kernels on the device under test, with the rules of runtime/kernel.h checked: outputs and
// workspace hold garbage before, guard bytes follow them, inputs stay as they were.
#pragma once

#include "runtime/device.h"
#include "runtime/kernel.h"
#include "runtime/queue.h"
#include "support/kernels.h"

namespace kn::test {

// The GPU, or what stands in for it.
const KernelSource& device_source();

struct DeviceResults {
  std::vector<HostTensor> tensors;
  FaultReport fault;
};

DeviceResults run_on_device(const Kernel& kernel, const KernelCall& call,
                            const RunOptions& options = {});

}  // namespace kn::test
