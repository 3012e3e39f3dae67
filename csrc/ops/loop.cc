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

std::vector<Value> gradient_loop(const GradContext& g) {
  const Node& node = *g.node;
  const Graph& body = static_cast<const LoopBody&>(*node.payload).graph;
  const Counts n(node.attrs, static_cast<int>(node.inputs.size()));
  const int carried = n.sequences + n.states;

  // The forward loop again, this time keeping its states; a pass merges the two.
  Attrs traced = node.attrs;
  traced.set("trace", true);
  const std::vector<Value> forward = apply_all("loop", node.inputs, traced, node.payload);

  // Fresh placeholders for the body's inputs, so that this gradient can be differentiated again.
  Substitution fresh;
  std::vector<Value> at;
  for (const Value& v : body.inputs) {
    at.push_back(placeholder(v.type(), "step"));
    fresh[v] = at.back();
  }
  const std::vector<Value> results = substitute(body.outputs, fresh);

  LoopSpec back;
  back.reverse = !node.attrs.flag("reverse");
  back.steps = node.attrs.integer("steps");
  auto add_sequence = [&](const Value& sequence, const Value& slice) {
    back.sequences.push_back(sequence);
    back.slices.push_back(slice);
  };
  for (int i = 0; i < n.sequences; ++i) add_sequence(node.inputs[i], at[i]);
  for (int i = 0; i < n.states; ++i)
    add_sequence(forward[n.outputs + n.states + i], at[n.sequences + i]);

  std::vector<Value> flowing(results.size());  // gradient of each result of the step
  for (int i = 0; i < n.outputs; ++i) {
    if (!g.grad(i) || !is_float(results[i].dtype())) continue;
    flowing[i] = placeholder(results[i].type(), "grad");
    add_sequence(g.grad(i), flowing[i]);
  }
  std::vector<int> state_of;
  std::vector<Value> trace_grad(n.states);  // of the state before each step, as the trace gave it
  for (int i = 0; i < n.states; ++i) {
    const Value& state = node.inputs[n.sequences + i];
    if (!is_float(state.dtype())) continue;
    flowing[n.outputs + i] = placeholder(body.inputs[n.sequences + i].type(), "grad");
    const Value& last = g.grad(n.outputs + i);
    back.states.push_back(last ? last : zeros_like(g.out(n.outputs + i)));
    back.states_in.push_back(flowing[n.outputs + i]);
    state_of.push_back(i);
    const int trace = n.outputs + n.states + i;
    if (!node.attrs.flag("trace") || !g.grad(trace)) continue;
    trace_grad[i] = placeholder(body.inputs[n.sequences + i].type(), "grad");
    add_sequence(g.grad(trace), trace_grad[i]);
  }

  const Value product = inner_product(results, flowing);
  if (!product) return std::vector<Value>(node.inputs.size());
  const std::vector<Value> step_grads = gradients(product, at);

  std::vector<int> sequence_of;
  for (int i = 0; i < n.sequences; ++i) {
    if (!step_grads[i]) continue;
    back.outputs.push_back(step_grads[i]);
    sequence_of.push_back(i);
  }
  for (int i : state_of) {
    Value grad = step_grads[n.sequences + i];
    if (!grad) grad = zeros_like(at[n.sequences + i]);
    back.states_out.push_back(trace_grad[i] ? add(grad, trace_grad[i]) : grad);
  }
  // Gradients of invariants add up over the steps: one more state each. For matrices that is one
  // product of all steps, after the loop.
  Stacks stacks(&back);
  std::vector<int> capture_of;
  std::vector<std::array<int, 3>> products;  // capture, handles of both factors
  for (int i = 0; i < n.captures; ++i) {
    const Value& grad = step_grads[carried + i];
    if (!grad) continue;
    if (is_matrix_gradient(grad)) {
      const std::vector<Value>& factors = grad.node->inputs;
      products.push_back({i, stacks.of(factors[0]), stacks.of(factors[1])});
      continue;
    }
    const Value sum = placeholder(at[carried + i].type(), "sum");
    back.states.push_back(zeros_like(node.inputs[carried + i]));
    back.states_in.push_back(sum);
    back.states_out.push_back(add(sum, grad));
    capture_of.push_back(i);
  }

  // What the backward step still reads of the forward step's captures: the loop's own inputs.
  Substitution outside;
  for (int i = 0; i < n.captures; ++i) outside[at[carried + i]] = node.inputs[carried + i];
  back.outputs = substitute(back.outputs, outside);
  back.states_out = substitute(back.states_out, outside);

  const LoopResult result = make_loop(back);
  std::vector<Value> grads(node.inputs.size());
  for (size_t i = 0; i < sequence_of.size(); ++i) grads[sequence_of[i]] = result.outputs[i];
  for (size_t i = 0; i < state_of.size(); ++i) grads[n.sequences + state_of[i]] = result.states[i];
  for (size_t i = 0; i < capture_of.size(); ++i)
    grads[carried + capture_of[i]] = result.states[state_of.size() + i];
  for (const auto& [i, a, b] : products)
    grads[carried + i] = apply("matmul", {stacks.rows(a, result), stacks.rows(b, result)},
                               {{"transpose_a", true}, {"transpose_b", false}});
  return grads;
}

const OpDef kOps[] = {{"loop", 0, -1, infer_loop, gradient_loop}};

}  // namespace

std::span<const OpDef> loop() { return kOps; }

}  // namespace kn::ops
