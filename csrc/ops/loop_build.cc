// From a step written over placeholders to a loop node: what the step takes from outside becomes an
// input of the loop.
#include <unordered_map>
#include <unordered_set>

#include "graph/builder.h"
#include "graph/loop_body.h"
#include "graph/substitute.h"
#include "ops/loop.h"

namespace kn::ops {

namespace {

void check(const LoopSpec& spec) {
  if (spec.sequences.empty() && spec.steps < 0)
    fail<ValueError>("[loop] expected a sequence or a number of steps");
  if (spec.sequences.size() != spec.slices.size() || spec.states.size() != spec.states_in.size() ||
      spec.states.size() != spec.states_out.size())
    fail<ValueError>("[loop] expected a placeholder for each sequence and two values per state");
  for (size_t i = 0; i < spec.states.size(); ++i) {
    const Value &before = spec.states_in[i], &after = spec.states_out[i];
    bool same = before.dtype() == after.dtype() && before.shape().rank() == after.shape().rank();
    for (int d = 0; same && d < before.shape().rank(); ++d)
      same = before.shape()[d] == after.shape()[d] || before.shape()[d] == kUnknown ||
             after.shape()[d] == kUnknown;
    if (!same)
      fail<ValueError>("[loop] expected state ", i, " to keep its type ", before.type(),
                       "; the step returns ", after.type());
  }
}

// Values outside the step (not depending on its placeholders) that it reads, constants excepted.
std::vector<Value> find_captures(const std::vector<NodePtr>& order,
                                 const std::vector<Value>& results,
                                 const std::unordered_set<const Node*>& inner) {
  std::vector<Value> captures;
  std::unordered_set<Value, ValueHash> seen;
  auto consider = [&](const Value& v) {
    const std::string_view op = v.node->op->name;
    if (inner.count(v.node.get()) || op == "constant" || op == "learning_phase") return;
    if (seen.insert(v).second) captures.push_back(v);
  };
  for (const NodePtr& node : order)
    if (inner.count(node.get()))
      for (const Value& v : node->inputs) consider(v);
  for (const Value& v : results) consider(v);
  return captures;
}

}  // namespace

LoopResult make_loop(const LoopSpec& spec) {
  check(spec);
  std::vector<Value> results = spec.outputs;
  results.insert(results.end(), spec.states_out.begin(), spec.states_out.end());
  std::vector<Value> fed = spec.slices;
  fed.insert(fed.end(), spec.states_in.begin(), spec.states_in.end());

  std::unordered_set<const Node*> inner;
  for (const Value& v : fed) inner.insert(v.node.get());
  const std::vector<NodePtr> order = topological_order(results);
  for (const NodePtr& node : order)
    for (const Value& v : node->inputs)
      if (inner.count(v.node.get())) inner.insert(node.get());

  const std::vector<Value> captures = find_captures(order, results, inner);
  Substitution replace;
  auto body = std::make_shared<LoopBody>();
  body->graph.inputs = fed;
  for (const Value& v : captures) {
    const Value stand_in = placeholder(v.type(), "capture");
    replace[v] = stand_in;
    body->graph.inputs.push_back(stand_in);
  }
  body->graph.outputs = substitute(results, replace);

  std::vector<Value> inputs = spec.sequences;
  inputs.insert(inputs.end(), spec.states.begin(), spec.states.end());
  inputs.insert(inputs.end(), captures.begin(), captures.end());
  const auto n_outputs = static_cast<int64_t>(spec.outputs.size());
  const auto n_states = static_cast<int64_t>(spec.states.size());
  const std::vector<Value> all =
      apply_all("loop", inputs,
                {{"outputs", n_outputs},
                 {"reverse", spec.reverse},
                 {"sequences", static_cast<int64_t>(spec.sequences.size())},
                 {"states", n_states},
                 {"steps", spec.steps},
                 {"trace", false}},
                body);
  LoopResult result;
  result.outputs.assign(all.begin(), all.begin() + n_outputs);
  result.states.assign(all.begin() + n_outputs, all.begin() + n_outputs + n_states);
  return result;
}

}  // namespace kn::ops
