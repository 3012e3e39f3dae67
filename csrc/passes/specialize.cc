#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "graph/builder.h"
#include "graph/loop_body.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

namespace kn {

namespace {

constexpr Dim kMostFolded = 1 << 14;  // elements of a constant worth keeping instead of computing
constexpr Dim kMostSpread = 64;       // the same for constants that only repeat a smaller one

const HostTensor* constant_of(const Value& v) {
  return v.node->op->name == "constant" ? static_cast<const HostTensor*>(v.node->payload.get())
                                        : nullptr;
}

// Equal nodes become one. Random nodes too: the same seed draws the same numbers.
class NodeTable {
 public:
  std::vector<Value> merge(const std::vector<Value>& outputs) {
    const NodePtr& node = outputs[0].node;
    auto& bucket = buckets_[hash(*node)];
    for (const NodePtr& other : bucket)
      if (equal(*node, *other)) return all_outputs(other);
    bucket.push_back(node);
    return outputs;
  }

  static std::vector<Value> all_outputs(const NodePtr& node) {
    std::vector<Value> out;
    for (int i = 0; i < static_cast<int>(node->outputs.size()); ++i) out.push_back({node, i});
    return out;
  }

 private:
  static size_t hash(const Node& node) {
    size_t h = std::hash<const void*>()(node.op) ^ node.attrs.hash();
    for (const Value& v : node.inputs) h = h * 1000003 + ValueHash()(v);
    return h;
  }

  static bool equal(const Node& a, const Node& b) {
    return a.op == b.op && a.inputs == b.inputs && a.attrs == b.attrs && a.outputs == b.outputs &&
           same_payload(a, b);
  }

  static bool same_payload(const Node& a, const Node& b) {
    if (a.payload == b.payload) return true;
    if (a.op->name != "constant") return false;
    const auto& x = static_cast<const HostTensor&>(*a.payload);
    const auto& y = static_cast<const HostTensor&>(*b.payload);
    return x.bytes() <= 64 && std::memcmp(x.data(), y.data(), x.bytes()) == 0;
  }

  std::unordered_map<size_t, std::vector<NodePtr>> buckets_;
};

class Specializer {
 public:
  Specializer(const Graph& graph, const std::vector<PlanInput>& fed, bool training,
              const Machine& machine)
      : training_(training), machine_(machine) {
    for (size_t i = 0; i < graph.inputs.size(); ++i)
      inputs_[graph.inputs[i].node.get()] =
          fed[i].value ? constant(fed[i].value)
                       : placeholder(fed[i].type, graph.inputs[i].node->attrs.text("name"));
  }

  const Value& input(const Value& original) const { return inputs_.at(original.node.get()); }

  std::vector<Value> operator()(const NodePtr& node, const std::vector<Value>& inputs) {
    const auto fed = inputs_.find(node.get());
    if (fed != inputs_.end()) return {fed->second};
    if (node->op->name == "learning_phase") return {phase()};
    if (node->op->is(kSource)) return table_.merge(NodeTable::all_outputs(node));
    if (node->op->name == "select_phase")
      if (const HostTensor* phase = constant_of(inputs[0]))
        return {phase->integer_at(0) ? inputs[1] : inputs[2]};
    if (node->op->name == "loop") return table_.merge(loop(*node, inputs));
    const NodePtr fresh = inputs == node->inputs && !node->op->shape_only
                              ? node
                              : rebuild(*node, without_contents(*node->op, inputs));
    if (fresh->outputs.size() == 1) {
      if (Value folded = fold(*fresh)) return table_.merge({folded});
      if (Value simpler = simplify(*fresh)) return {simpler};
    }
    return table_.merge(NodeTable::all_outputs(fresh));
  }

 private:
  Value phase() {
    if (!phase_) phase_ = constant(training_ ? 1.0 : 0.0, DType::b8);
    return phase_;
  }

  // The body of a loop is compiled like the graph around it, for the types it will see.
  std::vector<Value> loop(const Node& node, const std::vector<Value>& inputs) {
    std::vector<PlanInput> types;
    for (const Value& v : inputs) types.push_back({v.type(), nullptr});
    for (int64_t i = 0; i < node.attrs.integer("sequences"); ++i) types[i].type.shape.erase(0);
    auto body = std::make_shared<LoopBody>();
    body->graph = optimize(static_cast<const LoopBody&>(*node.payload).graph, types, training_,
                           machine_, true);
    LayerScope scope(node.layer);
    return apply_all("loop", inputs, node.attrs, std::move(body));
  }

  // Inputs whose shape alone matters become nodes that have nothing else.
  std::vector<Value> without_contents(const OpDef& op, std::vector<Value> inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const TensorType& type = inputs[i].type();
      if (!op.looks_at_shape_only(i) || !type.shape.known()) continue;
      const Value bare =
          apply("shape_only", {},
                {{"dtype", std::string(name_of(type.dtype))}, {"shape", type.shape.vec()}});
      inputs[i] = table_.merge({bare})[0];
    }
    return inputs;
  }

  Value fold(const Node& node) {
    const TensorType& type = node.outputs[0];
    if (!type.shape.known() || type.shape.elements() > kMostFolded) return {};
    if (node.op->name == "shape_of" && node.inputs[0].shape().known())
      return constant_ints(node.inputs[0].shape().vec());
    if (node.op->name == "size_of" && node.inputs[0].shape().known())
      return constant(host_scalar<int64_t>(node.inputs[0].shape().elements()));
    if (node.op->is(kRandom) || node.op->is(kEffect)) return {};
    // A repeated scalar is cheaper to read as one than as a table.
    if (node.op->name.starts_with("broadcast_") && type.shape.elements() > kMostSpread) return {};
    for (const Value& v : node.inputs)
      if (!constant_of(v)) return {};
    HostTensorPtr data = machine_.evaluate(node);
    return data ? constant(std::move(data)) : Value{};
  }

  bool training_;
  Machine machine_;
  Value phase_;
  std::unordered_map<const Node*, Value> inputs_;
  NodeTable table_;
};

}  // namespace

Graph specialize(const Graph& graph, const std::vector<PlanInput>& inputs, bool training,
                 const Machine& machine) {
  Specializer specializer(graph, inputs, training, machine);
  Graph result = rewrite(graph, specializer);
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    result.inputs[i] = specializer.input(graph.inputs[i]);
  return result;
}

}  // namespace kn
