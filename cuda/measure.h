// How long one op takes on the device, for `make gpu-bench`.
#pragma once

#include <string>
#include <vector>

#include "runtime/kernel.h"

namespace kn::cuda {

struct Timing {
  double seconds = 0;  // of one run, the best of several stretches of `repeats`
  std::string kernel;  // which candidate it was
};

// Of op(inputs) on made-up numbers, by the candidate named `by` or the first that takes it; runs
// are recorded and launched as one. Throws ValueError where no candidate takes it.
Timing time_op(const KernelSource& source, std::string_view op, const Attrs& attrs,
               const std::vector<TensorType>& inputs, std::string_view by, int repeats);

}  // namespace kn::cuda
