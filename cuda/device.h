// A GPU as the engine sees it: memory from a pool, a queue per run in flight, its kernels.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/kernel.h"

namespace kn::cuda {

// Of every GPU that the driver shows, in its order; none where there is no driver. The sources live
// as long as the process.
const std::vector<const KernelSource*>& sources();

// Why there are none: the driver's words.
const std::string& absence();

// Of the device that a kernel is wanted for, or of the first.
struct Chip {
  int capability = 0;  // 90 for 9.0
  int multiprocessors = 1;
  size_t shared_bytes = 48 << 10;  // that a block may ask for
};
Chip chip_of(const KernelRequest& request);

}  // namespace kn::cuda
