// Making nodes: every check and shape inference happens here, at the line that made the mistake.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/op_def.h"

namespace kn {

// Appends one node and returns its outputs. Throws ValueError/TypeError naming the op, what was
// expected and received, and the current layer.
std::vector<Value> apply_all(std::string_view op, std::vector<Value> inputs, Attrs attrs = {},
                             std::shared_ptr<const Payload> payload = nullptr);
// The same for ops with a single output.
Value apply(std::string_view op, std::vector<Value> inputs, Attrs attrs = {},
            std::shared_ptr<const Payload> payload = nullptr);

// A copy of `node` over other inputs (passes): shapes are inferred anew.
NodePtr rebuild(const Node& node, std::vector<Value> inputs);

Value constant(HostTensorPtr data);
Value constant(double value, DType dtype);
Value constant_ints(const std::vector<int64_t>& values);
Value placeholder(TensorType type, std::string name);
// The learning phase: a bool scalar that a plan is specialised on.
Value learning_phase();

// Names the layer whose `call` is running, for messages; nests.
class LayerScope {
 public:
  explicit LayerScope(std::string name);
  ~LayerScope();
  LayerScope(const LayerScope&) = delete;
  static const std::string& current();
};

}  // namespace kn
