// Ops on float16 and bfloat16 that the device has no kernel for compute in float32: their operands
// are cast before, their results after. Chains of such elementwise ops become one loop that loads
// and stores halves and has floats in between (fuse_elementwise drops the pairs of casts). Products
// that are only read in float32 have results in float32.
#include <unordered_map>

#include "graph/op_def.h"
#include "ops/build.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

bool has_halves(const Node& node) {
  for (const Value& v : node.inputs)
    if (is_half(v.dtype())) return true;
  for (const TensorType& type : node.outputs)
    if (is_half(type.dtype)) return true;
  return false;
}

class Widening {
 public:
  Widening(const Graph& graph, TakesHalves takes_halves)
      : takes_halves_(takes_halves), readers_(find_readers(graph)) {}

  std::vector<Value> operator()(const NodePtr& node, const std::vector<Value>& inputs) {
    if (node->op->is(kSource) || node->op->is(kAlias) || !has_halves(*node)) return {};
    LayerScope layer(node->layer);
    if (node->op->name == "cast") return {converted(inputs[0], node->outputs[0].dtype)};
    if (takes_halves_(*node)) return in_floats(*node, inputs);
    std::vector<Value> wide;
    for (const Value& v : inputs) wide.push_back(fuses(*node) ? widen(v) : widened(v));
    Attrs attrs = node->attrs;
    if (attrs.has("dtype") && is_half(parse_dtype(attrs.text("dtype"))))
      attrs.set("dtype", std::string(name_of(DType::f32)));
    std::vector<Value> outputs =
        apply_all(node->op->name, std::move(wide), std::move(attrs), node->payload);
    for (size_t i = 0; i < outputs.size(); ++i)
      outputs[i] = ops::cast(outputs[i], node->outputs[i].dtype);
    return outputs;
  }

 private:
  using Readers = std::unordered_map<const Node*, std::vector<const Node*>>;

  static Readers find_readers(const Graph& graph) {
    Readers readers;
    for (const NodePtr& node : topological_order(graph.roots()))
      for (const Value& v : node->inputs) readers[v.node.get()].push_back(node.get());
    for (const Value& v : graph.roots()) readers[v.node.get()].push_back(v.node.get());
    return readers;
  }

  // A product of halves that is only read in float32, as gradients to weights are, with its sums as
  // they are; nothing where that is not so, or the device cannot. Casts of the result fall away.
  std::vector<Value> in_floats(const Node& node, const std::vector<Value>& inputs) const {
    if (node.op->name != "matmul" && node.op->name != "conv_weights") return {};
    const auto readers = readers_.find(&node);
    if (readers == readers_.end() || node.outputs[0].dtype == DType::f32) return {};
    for (const Node* reader : readers->second)
      if (reader->op->name != "cast" || reader->outputs[0].dtype != DType::f32) return {};
    Attrs attrs = node.attrs;
    attrs.set("dtype", std::string(name_of(DType::f32)));
    std::vector<Value> wide = apply_all(node.op->name, inputs, std::move(attrs));
    return takes_halves_(*wide[0].node) ? wide : std::vector<Value>{};
  }

  // Kernels cast between halves and float32 only.
  Value converted(const Value& x, DType to) {
    const Value wide = widen(x);
    return ops::cast(is_half(to) ? ops::cast(wide, DType::f32) : wide, to);
  }

  // Whether the casts around a node are likely to join its loop. Each such reader of a half has a
  // cast of its own: one for all would be stored by one loop for the others.
  static bool fuses(const Node& node) {
    const std::string_view op = node.op->name;
    return node.op->is(kElementwise) || op == "dropout" || op == "sum" || op == "mean" ||
           op == "max" || op == "min";
  }

  // The same for readers that share the cast.
  Value widened(const Value& v) {
    Value& wide = wide_[v];
    if (!wide) wide = widen(v);
    return wide;
  }

  // v in float32 where it is a half.
  Value widen(const Value& v) {
    if (!is_half(v.dtype())) return v;
    const Node& node = *v.node;
    if (node.op->name == "constant") return widened_constant(node);
    if (node.op->name == "shape_only") {
      Attrs attrs = node.attrs;
      attrs.set("dtype", std::string(name_of(DType::f32)));
      return apply("shape_only", {}, std::move(attrs));
    }
    if (node.op->name == "broadcast_to" && node.inputs[0].node->op->name == "constant")
      return apply("broadcast_to", {widened(node.inputs[0])}, node.attrs);
    return ops::cast(v, DType::f32);
  }

  static Value widened_constant(const Node& node) {
    const auto& data = static_cast<const HostTensor&>(*node.payload);
    auto wide = std::make_shared<HostTensor>(TensorType{DType::f32, data.shape()});
    for (Dim i = 0; i < data.shape().elements(); ++i)
      wide->as<float>()[i] = static_cast<float>(data.number_at(i));
    return constant(std::move(wide));
  }

  TakesHalves takes_halves_;
  Readers readers_;
  std::unordered_map<Value, Value, ValueHash> wide_;
};

}  // namespace

Graph widen_halves(const Graph& graph, TakesHalves takes_halves) {
  Widening widening(graph, takes_halves);
  return rewrite(graph, widening);
}

}  // namespace kn
