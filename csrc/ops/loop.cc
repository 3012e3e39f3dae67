// loop: a step graph run over the leading axis of its sequences. Its gradient is another loop in
// the opposite direction that recomputes each step from the state before it, so only the states of
// all steps are kept (attribute `trace`).
//
// inputs:  sequences (T, …), states, captures
// outputs: stacked outputs (T, …), final states, and with `trace` the states before each step (T,
// …)
#include "ops/loop.h"

#include <algorithm>
#include <array>

#include "graph/gradient.h"
#include "graph/loop_body.h"
#include "graph/substitute.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

struct Counts {
  int sequences, states, outputs, captures;
  explicit Counts(const Attrs& a, int inputs)
      : sequences(static_cast<int>(a.integer("sequences"))),
        states(static_cast<int>(a.integer("states"))),
        outputs(static_cast<int>(a.integer("outputs"))),
        captures(inputs - sequences - states) {}
};

TensorType stacked(TensorType step, Dim steps) {
  step.shape.insert(0, steps);
  return step;
}

std::vector<TensorType> infer_loop(const InferContext& c) {
  const auto* body = dynamic_cast<const LoopBody*>(c.payload);
  if (!body) c.fail("expected the body of a loop");
  const Counts n(c.attrs, c.count());
  Dim steps = c.attrs.integer("steps");
  for (int i = 0; i < n.sequences; ++i) {
    if (c.shape(i).empty()) c.fail("expected sequences with a leading axis; got a scalar");
    const Dim length = c.shape(i)[0];
    if (steps == kUnknown) steps = length;
    else if (length != kUnknown && length != steps)
      c.fail("expected sequences of equal length; got ", steps, " and ", length);
  }
  const std::vector<Value>& results = body->graph.outputs;
  std::vector<TensorType> types;
  for (int i = 0; i < n.outputs; ++i) types.push_back(stacked(results[i].type(), steps));
  for (int i = 0; i < n.states; ++i) types.push_back(results[n.outputs + i].type());
  if (c.attrs.flag("trace"))
    for (int i = 0; i < n.states; ++i) types.push_back(stacked(c.in(n.sequences + i), steps));
  return types;
}

// sum(result * gradient) over everything that receives a gradient: its gradient is the step's.
Value inner_product(const std::vector<Value>& results, const std::vector<Value>& grads) {
  Value total;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!grads[i]) continue;
    const Value term = apply("sum", {mul(results[i], grads[i])});
    total = total ? add(total, cast(term, total.dtype())) : term;
  }
  return total;
}

// Whether `v` is aᵀ·b of matrices: what a step adds to the gradient of the matrix in a product.
bool is_matrix_gradient(const Value& v) {
  const Node& node = *v.node;
  if (node.op->name != std::string_view("matmul") || node.inputs.size() != 2) return false;
  for (const Value& x : node.inputs)
    if (x.shape().rank() != 2 || x.shape()[1] == kUnknown) return false;
  return node.attrs.flag("transpose_a", false) && !node.attrs.flag("transpose_b", false) &&
         node.attrs.text("activation", "").empty();
}

// Values of all steps of a loop that is being written: sequences it reads, or outputs it is to
// have.
class Stacks {
 public:
  explicit Stacks(LoopSpec* loop) : loop_(loop) {}

  // A handle of `v`, a value of the step.
  int of(const Value& v) {
    for (size_t i = 0; i < loop_->slices.size(); ++i)
      if (loop_->slices[i] == v) return -1 - static_cast<int>(i);
    const auto found = std::find(loop_->outputs.begin(), loop_->outputs.end(), v);
    if (found == loop_->outputs.end()) loop_->outputs.push_back(v);
    return static_cast<int>(std::find(loop_->outputs.begin(), loop_->outputs.end(), v) -
                            loop_->outputs.begin());
  }
  // All steps of a matrix (rows, columns), one below the other, once the loop has run.
  Value rows(int handle, const LoopResult& result) const {
    const Value all = handle < 0 ? loop_->sequences[-1 - handle] : result.outputs[handle];
    return apply("reshape", {all}, {{"shape", Ints{-1, all.shape()[2]}}});
  }

 private:
  LoopSpec* loop_;
};

// The step's results over fresh placeholders, so that the gradient can be differentiated again, and
// without observers, who saw the values on the way forward.
std::vector<Value> fresh_step(const Graph& body, std::vector<Value>& inputs) {
  Substitution fresh;
  for (const Value& v : body.inputs) {
    inputs.push_back(placeholder(v.type(), "step"));
    fresh[v] = inputs.back();
  }
  std::vector<Value> results = substitute(body.outputs, std::move(fresh));
  for (bool seen = true; seen;) {
    Substitution through;
    for (const NodePtr& node : topological_order(results))
      if (node->op->name == "observe" && node->inputs[0].node->op->name != "observe")
        through[Value{node, 0}] = node->inputs[0];
    seen = !through.empty();
    if (seen) results = substitute(results, std::move(through));
  }
  return results;
}

// Writes the backward loop of one loop node. Lists that end in `_of` say which input of the forward
// loop an entry of the backward one is for.
class BackwardLoop {
 public:
  explicit BackwardLoop(const GradContext& g)
      : g_(g),
        node_(*g.node),
        n_(node_.attrs, static_cast<int>(node_.inputs.size())),
        carried_(n_.sequences + n_.states),
        stacks_(&loop_) {}

  std::vector<Value> gradients_of_inputs() {
    results_ = fresh_step(static_cast<const LoopBody&>(*node_.payload).graph, at_);
    loop_.reverse = !node_.attrs.flag("reverse");
    loop_.steps = node_.attrs.integer("steps");
    read_forward();
    read_gradients_of_outputs();
    carry_gradients_of_states();
    const Value product = inner_product(results_, flowing_);
    if (!product) return std::vector<Value>(node_.inputs.size());
    const std::vector<Value> step = gradients(product, at_);
    yield_sequences(step);
    yield_states(step);
    sum_captures(step);
    read_captures_outside();
    return collect(make_loop(loop_));
  }

 private:
  void add_sequence(const Value& sequence, const Value& slice) {
    loop_.sequences.push_back(sequence);
    loop_.slices.push_back(slice);
  }

  // The forward loop again, this time keeping its states; a pass merges the two.
  void read_forward() {
    Attrs traced = node_.attrs;
    traced.set("trace", true);
    const std::vector<Value> forward = apply_all("loop", node_.inputs, traced, node_.payload);
    for (int i = 0; i < n_.sequences; ++i) add_sequence(node_.inputs[i], at_[i]);
    for (int i = 0; i < n_.states; ++i)
      add_sequence(forward[n_.outputs + n_.states + i], at_[n_.sequences + i]);
  }

  void read_gradients_of_outputs() {
    flowing_.resize(results_.size());
    for (int i = 0; i < n_.outputs; ++i) {
      if (!g_.grad(i) || !is_float(results_[i].dtype())) continue;
      flowing_[i] = placeholder(results_[i].type(), "grad");
      add_sequence(g_.grad(i), flowing_[i]);
    }
  }

  void carry_gradients_of_states() {
    trace_grad_.resize(n_.states);
    for (int i = 0; i < n_.states; ++i) {
      const TensorType& type = at_[n_.sequences + i].type();
      if (!is_float(type.dtype)) continue;
      flowing_[n_.outputs + i] = placeholder(type, "grad");
      const Value& last = g_.grad(n_.outputs + i);
      loop_.states.push_back(last ? last : zeros_like(g_.out(n_.outputs + i)));
      loop_.states_in.push_back(flowing_[n_.outputs + i]);
      state_of_.push_back(i);
      const int trace = n_.outputs + n_.states + i;
      if (!node_.attrs.flag("trace") || !g_.grad(trace)) continue;
      trace_grad_[i] = placeholder(type, "grad");
      add_sequence(g_.grad(trace), trace_grad_[i]);
    }
  }

  void yield_sequences(const std::vector<Value>& step) {
    for (int i = 0; i < n_.sequences; ++i) {
      if (!step[i]) continue;
      loop_.outputs.push_back(step[i]);
      sequence_of_.push_back(i);
    }
  }

  void yield_states(const std::vector<Value>& step) {
    for (int i : state_of_) {
      Value grad = step[n_.sequences + i];
      if (!grad) grad = zeros_like(at_[n_.sequences + i]);
      loop_.states_out.push_back(trace_grad_[i] ? add(grad, trace_grad_[i]) : grad);
    }
  }

  // Gradients of invariants add up over the steps: one more state each. For matrices that is one
  // product of all steps, after the loop.
  void sum_captures(const std::vector<Value>& step) {
    for (int i = 0; i < n_.captures; ++i) {
      const Value& grad = step[carried_ + i];
      if (!grad) continue;
      if (is_matrix_gradient(grad)) {
        const std::vector<Value>& factors = grad.node->inputs;
        products_.push_back({i, stacks_.of(factors[0]), stacks_.of(factors[1])});
        continue;
      }
      const Value sum = placeholder(at_[carried_ + i].type(), "sum");
      loop_.states.push_back(zeros_like(node_.inputs[carried_ + i]));
      loop_.states_in.push_back(sum);
      loop_.states_out.push_back(add(sum, grad));
      capture_of_.push_back(i);
    }
  }

  // What the backward step still reads of the forward step's captures: the loop's own inputs.
  void read_captures_outside() {
    Substitution outside;
    for (int i = 0; i < n_.captures; ++i) outside[at_[carried_ + i]] = node_.inputs[carried_ + i];
    loop_.outputs = substitute(loop_.outputs, outside);
    loop_.states_out = substitute(loop_.states_out, outside);
  }

  std::vector<Value> collect(const LoopResult& result) const {
    std::vector<Value> grads(node_.inputs.size());
    for (size_t i = 0; i < sequence_of_.size(); ++i) grads[sequence_of_[i]] = result.outputs[i];
    for (size_t i = 0; i < state_of_.size(); ++i)
      grads[n_.sequences + state_of_[i]] = result.states[i];
    for (size_t i = 0; i < capture_of_.size(); ++i)
      grads[carried_ + capture_of_[i]] = result.states[state_of_.size() + i];
    for (const auto& [i, a, b] : products_)
      grads[carried_ + i] = apply("matmul", {stacks_.rows(a, result), stacks_.rows(b, result)},
                                  {{"transpose_a", true}, {"transpose_b", false}});
    return grads;
  }

  const GradContext& g_;
  const Node& node_;
  const Counts n_;
  const int carried_;  // sequences and states
  LoopSpec loop_;
  Stacks stacks_;
  std::vector<Value> at_, results_;  // the step's inputs and results
  std::vector<Value> flowing_;       // gradient of each result of the step
  std::vector<Value> trace_grad_;    // of the state before each step, as the trace gave it
  std::vector<int> sequence_of_, state_of_, capture_of_;
  std::vector<std::array<int, 3>> products_;  // capture, handles of both factors
};

std::vector<Value> gradient_loop(const GradContext& g) {
  return BackwardLoop(g).gradients_of_inputs();
}

const OpDef kOps[] = {{"loop", 0, -1, infer_loop, gradient_loop}};

}  // namespace

std::span<const OpDef> loop() { return kOps; }

}  // namespace kn::ops
