#include "graph/builder.h"

#include <atomic>

namespace kn {

namespace {

std::vector<std::string>& scope_stack() {
  thread_local std::vector<std::string> stack;
  return stack;
}

uint64_t next_id() {
  static std::atomic<uint64_t> counter{0};
  return ++counter;
}

std::string input_shapes(const std::vector<Value>& inputs) {
  std::string text;
  for (const Value& v : inputs) text += (text.empty() ? "" : ", ") + to_string(v.shape());
  return text;
}

void check_count(const OpDef& op, size_t got) {
  const int n = static_cast<int>(got);
  if (n < op.min_inputs || (op.max_inputs >= 0 && n > op.max_inputs))
    fail<ValueError>("[", op.name, "] expected ", op.min_inputs,
                     op.max_inputs < 0 ? " or more" : concat_text(" to ", op.max_inputs),
                     " inputs; got ", n);
}

NodePtr make(const OpDef& op, std::vector<Value> inputs, Attrs attrs,
             std::shared_ptr<const Payload> payload, std::string layer) {
  check_count(op, inputs.size());
  auto node = std::make_shared<Node>();
  node->op = &op;
  node->outputs = op.infer(InferContext{op, attrs, inputs, payload.get()});
  node->attrs = std::move(attrs);
  node->inputs = std::move(inputs);
  node->payload = std::move(payload);
  node->layer = std::move(layer);
  node->id = next_id();
  return node;
}

}  // namespace

LayerScope::LayerScope(std::string name) { scope_stack().push_back(std::move(name)); }
LayerScope::~LayerScope() { scope_stack().pop_back(); }

const std::string& LayerScope::current() {
  static const std::string none;
  return scope_stack().empty() ? none : scope_stack().back();
}

std::vector<Value> apply_all(std::string_view name, std::vector<Value> inputs, Attrs attrs,
                             std::shared_ptr<const Payload> payload) {
  const OpDef* op = find_op(name);
  if (!op) fail<ValueError>("there is no op named '", name, "'");
  for (const Value& v : inputs)
    if (!v) fail<ValueError>("[", name, "] got an empty input");
  const std::string& layer = LayerScope::current();
  const std::string shapes = layer.empty() ? "" : input_shapes(inputs);
  NodePtr node;
  try {
    node = make(*op, std::move(inputs), std::move(attrs), std::move(payload), layer);
  } catch (const ValueError& error) {
    if (layer.empty()) throw;
    fail<ValueError>(error.what(), "; layer '", layer, "', inputs ", shapes);
  }
  std::vector<Value> outputs;
  for (int i = 0; i < static_cast<int>(node->outputs.size()); ++i) outputs.push_back({node, i});
  return outputs;
}

Value apply(std::string_view op, std::vector<Value> inputs, Attrs attrs,
            std::shared_ptr<const Payload> payload) {
  return apply_all(op, std::move(inputs), std::move(attrs), std::move(payload))[0];
}

NodePtr rebuild(const Node& node, std::vector<Value> inputs) {
  return make(*node.op, std::move(inputs), node.attrs, node.payload, node.layer);
}

Value constant(HostTensorPtr data) { return apply("constant", {}, {}, std::move(data)); }
Value constant(double value, DType dtype) { return constant(host_scalar(value, dtype)); }
Value constant_ints(const std::vector<int64_t>& values) { return constant(host_ints(values)); }

Value placeholder(TensorType type, std::string name) {
  return apply("placeholder", {},
               {{"dtype", std::string(name_of(type.dtype))},
                {"name", std::move(name)},
                {"shape", type.shape.vec()}});
}

Value learning_phase() { return apply("learning_phase", {}); }

int InferContext::axis(int64_t axis, int rank) const { return normalize_axis(axis, rank, op.name); }

}  // namespace kn
