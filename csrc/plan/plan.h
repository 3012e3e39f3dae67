// A plan: what a graph becomes for one set of input shapes. A flat list of kernel calls whose
// operands are places: in the arena, in a variable, in a constant, in what the caller feeds or in
// what he wants filled. A plan is immutable and shared; each run in flight has its own Arena.
//
// How operands get their place:
//  * an alias (reshape, …) shares its input's place;
//  * an output of the graph that a kernel writes is written straight into the caller's memory;
//  * the new value of a variable is written straight into the variable where nobody reads the old
//    one later; otherwise it is copied there after the last step;
//  * a kernel that can work in place takes over an input that dies with it;
//  * everything else, workspaces included, is put into the arena by the memory planner.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/host_tensor.h"
#include "graph/graph.h"
#include "runtime/kernel.h"
#include "runtime/variable.h"

namespace kn {

struct Place {
  enum Kind : uint8_t { kNone, kArena, kVariable, kConstant, kInput, kOutput };
  Kind kind = kNone;
  int index = 0;      // which variable, constant, input or output
  size_t offset = 0;  // bytes into the arena
};

struct Step {
  std::unique_ptr<Kernel> kernel;
  NodePtr node;
  std::string_view candidate;  // name of the kernel that was chosen
  std::string refusals;        // why the faster ones were not
  std::vector<Place> in;
  std::vector<Place> out;
  size_t workspace = 0;  // offset in the arena
};

struct Copy {
  Place from, to;
  size_t bytes;
};

struct Plan {
  std::vector<TensorType> inputs;
  // Values that an input must have, where shapes follow from it; empty where no input has any.
  std::vector<HostTensorPtr> fixed;
  std::vector<TensorType> outputs;
  std::vector<Step> steps;
  // After the steps: copies that read variables or results (first), then those that write
  // variables.
  std::vector<Copy> copies;
  std::vector<std::shared_ptr<Variable>> variables;
  std::vector<HostTensorPtr> constants;
  size_t arena_bytes = 0;
  bool training = false;
  Device* device = nullptr;  // whose kernels the steps are

  std::string text() const;
};

// Chooses kernels, orders steps and places operands for a graph whose every shape is known. Throws
// RuntimeError naming the op where the device has no kernel for it.
Plan make_plan(const Graph& graph, const KernelSource& kernels);

// The first candidate that accepts the request; nullptr where none does. `refusals` collects the
// reasons of those asked before.
std::unique_ptr<Kernel> choose_kernel(const Node& node, const KernelSource& kernels,
                                      std::string_view& chosen, std::string& refusals);
bool has_kernel(const Node& node, const KernelSource& kernels);

}  // namespace kn
