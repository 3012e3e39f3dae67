#include "exec/executable.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "exec/evaluate.h"
#include "exec/runnable_plan.h"
#include "graph/builder.h"
#include "graph/op_def.h"
#include "graph/printer.h"
#include "graph/substitute.h"
#include "passes/pipeline.h"

namespace kn {

namespace {

bool fits(const TensorType& declared, const TensorType& given) {
  if (declared.dtype != given.dtype || declared.shape.rank() != given.shape.rank()) return false;
  for (int i = 0; i < declared.shape.rank(); ++i)
    if (declared.shape[i] != kUnknown && declared.shape[i] != given.shape[i]) return false;
  return true;
}

// Any value may be fed: the graph is cut there and reads a placeholder of its type instead.
void cut_at_inputs(Graph& graph) {
  Substitution fed;
  for (Value& v : graph.inputs) {
    if (v.node->op->name == "placeholder") continue;
    const Value input = placeholder(v.type(), "fed " + std::string(v.node->op->name));
    fed.emplace(v, input);
    v = input;
  }
  if (fed.empty()) return;
  const std::vector<Value> roots = substitute(graph.roots(), std::move(fed));
  std::copy_n(roots.begin(), graph.outputs.size(), graph.outputs.begin());
  for (size_t i = 0; i < graph.updates.size(); ++i)
    graph.updates[i].value = roots[graph.outputs.size() + i];
}

// Whether `plan` was made for these types and, where it depends on some, values.
bool is_for(const Plan& plan, std::span<const ArrayRef> inputs) {
  if (plan.inputs.size() != inputs.size()) return false;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!(plan.inputs[i] == inputs[i].type)) return false;
  for (size_t i = 0; i < plan.fixed.size(); ++i)
    if (plan.fixed[i] && (!inputs[i].data || std::memcmp(plan.fixed[i]->data(), inputs[i].data,
                                                         plan.fixed[i]->bytes()) != 0))
      return false;
  return true;
}

// The inputs with the values of those that may say sizes: few whole numbers.
std::vector<PlanInput> with_sizes(std::span<const ArrayRef> inputs) {
  constexpr int64_t kMostSizes = 16;
  std::vector<PlanInput> fixed;
  for (const ArrayRef& a : inputs) {
    const bool sizes = (a.type.dtype == DType::i32 || a.type.dtype == DType::i64) && a.data &&
                       a.type.shape.elements() <= kMostSizes;
    fixed.push_back({a.type, sizes ? std::make_shared<HostTensor>(a.type, a.data) : nullptr});
  }
  return fixed;
}

// What one step updates in place, parameters and optimizer slots, goes into one slab.
void lay_out_updated(const Plan& plan) {
  for (const Step& step : plan.steps) {
    std::vector<std::shared_ptr<Variable>> updated;
    for (const Place& place : step.out)
      if (place.kind == Place::kVariable) updated.push_back(plan.variables[place.index]);
    if (updated.size() > 1) lay_out_together(updated);
  }
}

}  // namespace

Executable::Executable(Graph graph, const KernelSource& kernels, Phase phase, std::string name)
    : graph_(std::move(graph)), kernels_(kernels), phase_(phase), name_(std::move(name)) {
  cut_at_inputs(graph_);
  std::unordered_set<const Node*> fed;
  for (const Value& v : graph_.inputs) fed.insert(v.node.get());
  for (const NodePtr& node : topological_order(graph_.roots()))
    if (node->op->name == "placeholder" && !fed.count(node.get()))
      fail<ValueError>("expected a value for placeholder '", node->attrs.text("name", ""), "' ",
                       node->outputs[0],
                       ", on which the outputs depend; it is not among the inputs");
}

Executable::~Executable() = default;

void Executable::check_inputs(std::span<const ArrayRef> inputs) const {
  if (inputs.size() != graph_.inputs.size())
    fail<ValueError>("expected ", graph_.inputs.size(), " input arrays; got ", inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& declared = graph_.inputs[i];
    if (!fits(declared.type(), inputs[i].type))
      fail<ValueError>("expected ", declared.type(), " for input '",
                       declared.node->attrs.text("name", ""), "'; got ", inputs[i].type);
  }
}

// Under lock_.
std::shared_ptr<const RunnablePlan> Executable::find(std::span<const ArrayRef> inputs,
                                                     bool training) {
  for (auto p = plans_.begin(); p != plans_.end(); ++p) {
    const Plan& plan = (*p)->plan();
    if (plan.training != training || !is_for(plan, inputs)) continue;
    std::rotate(plans_.begin(), p, p + 1);
    return plans_.front();
  }
  return nullptr;
}

std::shared_ptr<const RunnablePlan> Executable::find_plan(std::span<const ArrayRef> inputs,
                                                          Phase phase) {
  std::lock_guard<std::mutex> hold(lock_);
  return find(inputs, trains(phase));
}

// Shapes usually follow from shapes; where they do not, the plan is for one set of sizes.
Plan Executable::compile(std::span<const ArrayRef> inputs, bool training) const {
  const auto evaluator = [&](const Node& node) { return evaluate(node, kernels_.host()); };
  const auto takes_halves = [&](const Node& node) { return has_kernel(node, kernels_); };
  const Machine machine{evaluator, takes_halves, kernels_.device().queued()};
  std::vector<PlanInput> types;
  for (const ArrayRef& a : inputs) types.push_back({a.type, nullptr});
  try {
    return make_plan(optimize(graph_, types, training, machine), kernels_);
  } catch (const UnknownShape&) {
    types = with_sizes(inputs);
  }
  Plan plan = make_plan(optimize(graph_, types, training, machine), kernels_);
  for (PlanInput& input : types) plan.fixed.push_back(std::move(input.value));
  return plan;
}

std::shared_ptr<const RunnablePlan> Executable::plan_for(std::span<const ArrayRef> inputs,
                                                         Phase phase) {
  if (auto found = find_plan(inputs, phase)) return found;
  check_inputs(inputs);
  const bool training = trains(phase);
  Plan plan = compile(inputs, training);
  plan.training = training;
  bring_to(*plan.device, plan.variables);
  lay_out_updated(plan);
  auto made = std::make_shared<const RunnablePlan>(std::move(plan));
  std::lock_guard<std::mutex> hold(lock_);
  if (auto found = find(inputs, training)) return found;  // another thread was faster
  plans_.insert(plans_.begin(), made);
  drop_old_plans();
  return made;
}

// Data of ever new lengths must not fill the memory with plans and arenas; one that is running
// lives on until it is done.
void Executable::drop_old_plans() {
  constexpr size_t kFew = 8, kMost = 256, kArenaBytes = size_t{128} << 20;
  size_t kept = 0, bytes = 0;
  for (; kept < plans_.size() && kept < kMost; ++kept) {
    bytes += plans_[kept]->plan().arena_bytes;
    if (kept >= kFew && bytes > kArenaBytes) break;
  }
  plans_.resize(kept);
}

void Executable::run(const RunnablePlan& plan, std::span<const void* const> inputs,
                     std::span<void* const> outputs) {
  plan.bring_variables();
  const StorageInUse hold;
  plan.run(inputs, outputs, take_steps(1), global_pool());
}

std::string Executable::text() const {
  std::string text = "graph " + name_ + "\n" + print(graph_.roots());
  std::lock_guard<std::mutex> hold(lock_);
  for (const auto& p : plans_) {
    text += "\nplan for";
    for (const TensorType& t : p->plan().inputs) text += concat_text(' ', t);
    text += p->plan().training ? ", training\n" : ", test\n";
    text += p->plan().text();
  }
  return text;
}

}  // namespace kn
