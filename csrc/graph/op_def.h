// What an op must say of itself: how many inputs, which attributes and shapes it accepts, what it
// yields, and its gradient as more graph. Nothing here touches data.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/node.h"

namespace kn {

// Arguments of a shape function. Shapes may hold unknown extents.
struct InferContext {
  const OpDef& op;
  const Attrs& attrs;
  std::span<const Value> inputs;
  const Payload* payload = nullptr;

  int count() const { return static_cast<int>(inputs.size()); }
  const TensorType& in(int i) const { return inputs[i].type(); }
  const Shape& shape(int i) const { return in(i).shape; }
  DType dtype(int i) const { return in(i).dtype; }
  // Contents of an integer input as far as the graph tells them (shapes given as tensors).
  KnownInts ints(int i) const { return known_ints(inputs[i]); }

  // Throws ValueError("[op] " + parts): say what was expected and what came.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const;
  int axis(int64_t axis, int rank) const;
};

// Arguments of a gradient function: one gradient per output, empty where nobody needs it.
struct GradContext {
  const NodePtr& node;
  std::span<const Value> grads;

  const Attrs& attrs() const { return node->attrs; }
  const Value& in(int i) const { return node->inputs[i]; }
  Value out(int i = 0) const { return Value{node, i}; }
  const Value& grad(int i = 0) const { return grads[i]; }
};

using InferFn = std::vector<TensorType> (*)(const InferContext&);
// Returns one gradient per input; an empty Value where the input has none (an index, a condition).
using GradientFn = std::vector<Value> (*)(const GradContext&);

enum Trait : unsigned {
  kElementwise = 1,  // runs inside a fused program; see base/elementwise_ops.inc
  kAlias = 2,        // output 0 is input 0's bytes under another shape; costs nothing at run time
  kRandom = 4,       // draws from Philox by (seed attribute, step of the run)
  kSource = 8,       // placeholder, variable, constant, phase: no inputs, no kernel
  kEffect = 16,      // does more than compute its outputs: never computed ahead of a run
};

struct OpDef {
  std::string_view name;
  int min_inputs = 1;
  int max_inputs = 1;  // -1: any number
  InferFn infer = nullptr;
  GradientFn gradient = nullptr;
  std::string_view no_gradient = {};  // the reason, where gradient is nullptr
  unsigned traits = 0;
  // Bit i: of input i only the shape matters. A plan cuts such inputs off, so that what made them
  // need not live on, nor even be computed. Bit 31 stands for all inputs from 31 on.
  unsigned shape_only = 0;

  bool looks_at_shape_only(size_t input) const {
    return (shape_only >> (input < 31 ? input : 31) & 1) != 0;
  }
  bool is(Trait t) const { return (traits & t) != 0; }
};

// The explicit list of all ops, one function per file of ops/ (see ops/op_list.cc).
const OpDef* find_op(std::string_view name);  // nullptr where there is none
std::span<const OpDef* const> all_ops();

template <class... Parts>
void InferContext::fail(const Parts&... parts) const {
  kn::fail<ValueError>("[", op.name, "] ", parts...);
}

}  // namespace kn
