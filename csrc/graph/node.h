// The expression graph a user builds: immutable nodes that own their inputs. There is no global
// graph and no registry of nodes; what Python no longer refers to is freed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/attrs.h"
#include "base/host_tensor.h"
#include "base/shape.h"

namespace kn {

struct OpDef;
struct Node;
using NodePtr = std::shared_ptr<const Node>;

// One output of a node. An empty Value means "none" (a gradient that is not needed).
struct Value {
  NodePtr node;
  int index = 0;

  explicit operator bool() const { return node != nullptr; }
  bool operator==(const Value& o) const { return node == o.node && index == o.index; }
  const TensorType& type() const;
  const Shape& shape() const { return type().shape; }
  DType dtype() const { return type().dtype; }
};

struct ValueHash {
  size_t operator()(const Value& v) const {
    return std::hash<const void*>()(v.node.get()) * 31 + static_cast<size_t>(v.index);
  }
};

struct Node {
  const OpDef* op = nullptr;
  Attrs attrs;
  std::vector<Value> inputs;
  std::vector<TensorType> outputs;
  std::shared_ptr<const Payload> payload;  // constant data, variable, fused program, loop body
  std::string layer;                       // name of the layer that made it, for messages
  uint64_t id = 0;                         // order of creation

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();  // iterative: a deep network must not overflow the stack when it is freed
};

inline const TensorType& Value::type() const { return node->outputs[index]; }

// Nodes that `roots` depend on, in the order they were made: inputs before users, forward before
// backward, and a weight's gradient right where its layer is left.
std::vector<NodePtr> topological_order(const std::vector<Value>& roots);

// Integer contents of `v` where the graph tells them: constants, shape_of and arithmetic on those.
// Unknown elements are kUnknownInt; an empty result with `known` false means nothing is known.
inline constexpr int64_t kUnknownInt = INT64_MIN;
struct KnownInts {
  bool known = false;
  std::vector<int64_t> values;
};
KnownInts known_ints(const Value& v);

}  // namespace kn
