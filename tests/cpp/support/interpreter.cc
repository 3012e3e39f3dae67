#include "support/interpreter.h"

#include <unordered_set>

#include "base/error.h"
#include "exec/loop_kernel.h"
#include "runtime/variable.h"
#include "support/kernels.h"

namespace kn::test {

namespace {

class Interpreter {
 public:
  explicit Interpreter(const Environment& environment) : env_(environment) {}

  void evaluate(const NodePtr& node) {
    const std::string_view op = node->op->name;
    if (node->op->is(kSource)) return set(node, {source(*node)});
    std::vector<Value> inputs;
    for (const Value& v : node->inputs) inputs.push_back(constant(values_.at(v)));
    if (op == "select_phase") return set(node, {data(inputs[env_.training ? 1 : 2])});
    const NodePtr exact = rebuild(*node, inputs);
    note_constant(*node);
    if (node->op->is(kAlias)) {
      return set(node, {std::make_shared<HostTensor>(exact->outputs[0], data(inputs[0])->data())});
    }
    KernelCall call{op, node->attrs, {}, exact->outputs, node->payload.get(), {}};
    for (size_t i = 0; i < inputs.size(); ++i) {
      call.in.push_back(data(inputs[i]).get());
      call.is_constant.push_back(constants_.count(node->inputs[i].node.get()) != 0);
    }
    std::vector<HostTensorPtr> results;
    for (HostTensor& t : op == "loop" ? run_loop(call) : run_reference(call, {.step = env_.step}))
      results.push_back(std::make_shared<HostTensor>(std::move(t)));
    set(node, std::move(results));
  }

  HostTensorPtr value(const Value& v) const { return values_.at(v); }

 private:
  HostTensorPtr source(const Node& node) {
    const std::string_view op = node.op->name;
    if (op == "constant") {
      constants_.insert(&node);
      return std::dynamic_pointer_cast<const HostTensor>(node.payload);
    }
    if (op == "variable") {
      const auto* variable = dynamic_cast<const Variable*>(node.payload.get());
      return std::make_shared<HostTensor>(variable->read());
    }
    if (op == "learning_phase") return host_scalar(env_.training ? 1.0 : 0.0, DType::b8);
    if (op == "shape_only") return std::make_shared<HostTensor>(node.outputs[0]);
    for (const auto& [value, data] : env_.feeds)
      if (value.node.get() == &node) return data;
    fail<RuntimeError>("placeholder '", node.attrs.text("name"), "' was not fed");
  }

  // What a plan folds: constants, shapes, and arithmetic on those.
  void note_constant(const Node& node) {
    bool fixed = !node.op->is(kRandom);
    if (node.op->name != "shape_of" && node.op->name != "size_of")
      for (const Value& v : node.inputs) fixed = fixed && constants_.count(v.node.get());
    if (fixed) constants_.insert(&node);
  }

  // Loops have no reference kernel: the steps are the reference's.
  std::vector<HostTensor> run_loop(KernelCall call) const {
    static const WithLoops source(cpu::kernels(true));
    call.source = &source;
    std::string refusal;
    const auto kernel = make_kernel(source.candidates("loop")[0], call, refusal);
    if (!kernel) fail<RuntimeError>("no loop: ", refusal);
    return run_kernel(*kernel, call, {.step = env_.step});
  }

  static HostTensorPtr data(const Value& v) {
    return std::dynamic_pointer_cast<const HostTensor>(v.node->payload);
  }

  void set(const NodePtr& node, std::vector<HostTensorPtr> results) {
    for (size_t i = 0; i < results.size(); ++i)
      values_[Value{node, static_cast<int>(i)}] = std::move(results[i]);
  }

  const Environment& env_;
  std::unordered_map<Value, HostTensorPtr, ValueHash> values_;
  std::unordered_set<const Node*> constants_;
};

}  // namespace

std::vector<HostTensor> evaluate(const std::vector<Value>& roots, const Environment& environment) {
  Interpreter interpreter(environment);
  for (const NodePtr& node : topological_order(roots)) interpreter.evaluate(node);
  std::vector<HostTensor> results;
  for (const Value& v : roots) results.push_back(*interpreter.value(v));
  return results;
}

}  // namespace kn::test
