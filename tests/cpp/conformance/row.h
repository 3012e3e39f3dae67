// What every test of a row of the list begins with: its inputs, its node, the call of a kernel.
#pragma once

#include "conformance/case.h"
#include "graph/builder.h"
#include "support/kernels.h"

namespace kn::test {

// Ops that no device has a kernel for: a plan keeps one branch, or runs the steps itself (tested in
// tests/cpp/exec).
inline bool resolved_by_plan(std::string_view op) { return op == "select_phase" || op == "loop"; }

std::string text_of(const Case& c, DType dtype);
std::vector<HostTensorPtr> draw_inputs(const Case& c, DType dtype);
// The op over constants of its inputs: every output type is exact.
NodePtr exact_node(const Case& c, const std::vector<HostTensorPtr>& inputs);
KernelCall call_of(const Case& c, const NodePtr& exact, const std::vector<HostTensorPtr>& inputs);
// A readable name for GoogleTest.
std::string row_name(const Case& c, size_t index);

}  // namespace kn::test
