// Recurrent layers over whole sequences (base/recurrence.h has inputs, outputs and formulas). The
// first gradient is an op too, fed with what a traced forward op kept; the pass merge_traces makes
// one of the forward op and its traced twin. Gradients of gradients go through the same steps
// written as a loop.
#include "base/recurrence.h"
#include "base/recurrence_pair.h"

#include "graph/gradient.h"
#include "ops/build.h"
#include "ops/families.h"
#include "ops/recurrent_steps.h"

namespace kn::ops {

namespace {

// ---- Types ----

// Extents of the op, gathered from all inputs: any of them may know what others do not.
class Extents {
 public:
  Extents(const InferContext& c, const Recurrence& r, int kernel) : c_(c), dtype_(c.dtype(0)) {
    if (!is_float(dtype_)) c.fail("expected a float dtype; got ", c.in(0));
    const Shape& k = c.shape(kernel);
    if (k.rank() != 2 || !k.known() || k[1] != r.gates() * k[0])
      c.fail("expected a recurrent kernel (units, ", r.gates(), " * units); got ", c.in(kernel));
    units_ = k[0];
    same_dtype(kernel);
  }

  // Input i is (T, N, width), (T, N) for width 0, or of another dtype if that is given.
  void sequence(int i, int64_t width) {
    if (i < 0) return;
    const bool fits = c_.shape(i).rank() == (width ? 3 : 2);
    if (!fits || !join(steps_, c_.shape(i)[0]) || !join(rows_, c_.shape(i)[1]) ||
        (width && !equal(c_.shape(i)[2], width)))
      wrong(i, width ? Shape{steps_, rows_, width} : Shape{steps_, rows_});
    if (width) same_dtype(i);
    else if (c_.dtype(i) != DType::b8) c_.fail("expected a boolean mask; got ", c_.in(i));
  }
  // Input i is (N, U).
  void state(int i) {
    if (i < 0) return;
    if (c_.shape(i).rank() != 2 || !join(rows_, c_.shape(i)[0]) || !equal(c_.shape(i)[1], units_))
      wrong(i, Shape{rows_, units_});
    same_dtype(i);
  }
  // Input i is (N, U), or (G, N, U) with a mask for each gate.
  void drop(int i, const Recurrence& r) {
    if (i < 0 || !r.apart) return state(i);
    const Shape& s = c_.shape(i);
    if (s.rank() != 3 || !equal(s[0], r.gates()) || !join(rows_, s[1]) || !equal(s[2], units_))
      wrong(i, Shape{r.gates(), rows_, units_});
    same_dtype(i);
  }
  void bias(int i) {
    if (i < 0) return;
    if (c_.shape(i).rank() != 1 || !equal(c_.shape(i)[0], 3 * units_)) wrong(i, Shape{3 * units_});
    same_dtype(i);
  }

  int64_t units() const { return units_; }
  TensorType sequence_type(int64_t width) const { return {dtype_, {steps_, rows_, width}}; }
  TensorType state_type() const { return {dtype_, {rows_, units_}}; }

 private:
  static bool equal(Dim a, Dim b) { return a == b || a == kUnknown || b == kUnknown; }
  static bool join(Dim& known, Dim d) {
    if (!equal(known, d)) return false;
    if (known == kUnknown) known = d;
    return true;
  }
  void same_dtype(int i) const {
    if (c_.dtype(i) != dtype_)
      c_.fail("expected inputs of one dtype; got ", c_.in(0), " and ", c_.in(i));
  }
  [[noreturn]] void wrong(int i, const Shape& wanted) const {
    c_.fail("expected input ", i, " of shape ", wanted, " beside a recurrent kernel of ", units_,
            " units; got ", c_.in(i));
  }

  const InferContext& c_;
  DType dtype_;
  Dim steps_ = kUnknown, rows_ = kUnknown;
  int64_t units_ = 0;
};

Recurrence recurrence_of(const InferContext& c) {
  const Recurrence r(c.op.name, c.attrs);
  if (!r.known)
    c.fail(
        "expected activations among linear, tanh, sigmoid, hard_sigmoid, relu6_sigmoid and "
        "relu; got '",
        c.attrs.text("activation", "tanh"), "' and '",
        c.attrs.text("recurrent_activation", "sigmoid"), "'");
  return r;
}

void expect_inputs(const InferContext& c, int count) {
  if (c.count() != count)
    c.fail("expected ", count, " inputs with these attributes; got ", c.count());
}

std::vector<TensorType> infer_sequence(const InferContext& c) {
  const Recurrence r = recurrence_of(c);
  expect_inputs(c, r.inputs());
  Extents e(c, r, Recurrence::kKernel);
  e.sequence(Recurrence::kX, r.gates() * e.units());
  e.state(Recurrence::kH);
  e.state(r.c_input());
  e.bias(r.bias_input());
  e.sequence(r.mask_input(), 0);
  e.drop(r.drop_input(), r);
  std::vector<TensorType> out = {e.sequence_type(e.units()), e.state_type()};
  if (r.lstm()) out.push_back(e.state_type());
  if (!r.trace) return out;
  if (!r.simple()) out.push_back(e.sequence_type(4 * e.units()));
  out.push_back(e.sequence_type(e.units()));
  if (r.lstm()) out.push_back(e.sequence_type(e.units()));
  return out;
}

std::vector<TensorType> infer_sequence_grad(const InferContext& c) {
  const Recurrence r = recurrence_of(c);
  expect_inputs(c, r.grad_inputs());
  Extents e(c, r, r.grad_kernel());
  e.sequence(0, r.simple() ? e.units() : 4 * e.units());
  if (!r.simple()) e.sequence(1, e.units());
  e.sequence(r.grad_mask(), 0);
  e.drop(r.grad_drop(), r);
  if (r.out_grad) e.sequence(r.grad_out(), e.units());
  e.state(r.grad_h());
  e.state(r.grad_c());
  std::vector<TensorType> out = {e.sequence_type(r.gates() * e.units()), e.state_type()};
  if (r.lstm()) out.push_back(e.state_type());
  if (r.reset_after()) out.push_back(e.sequence_type(3 * e.units()));
  return out;
}

// A pair of either.
std::vector<TensorType> infer_pair(const InferContext& c) {
  const OpDef* op = find_op(c.attrs.text("of"));
  if (!op || (op->infer != infer_sequence && op->infer != infer_sequence_grad))
    c.fail("expected a recurrent op as 'of'; got '", c.attrs.text("of"), "'");
  if (c.count() % 2) c.fail("expected as many inputs for either op; got ", c.count());
  const size_t half = c.inputs.size() / 2;
  std::vector<TensorType> out;
  for (const bool second : {false, true}) {
    const Attrs attrs = recurrent_pair_half(c.attrs, second);
    for (TensorType& type : op->infer({*op, attrs, c.inputs.subspan(second ? half : 0, half)}))
      out.push_back(std::move(type));
  }
  return out;
}

// ---- Gradients ----

// (T, N, width) as (T N, width).
Value as_rows(const Value& x) {
  return apply("reshape", {x}, {{"shape", Ints{-1, x.shape().back()}}});
}

// The rows of aᵀ·b summed over all steps: what all steps add to a matrix between a and b.
Value summed_product(const Value& a, const Value& b) {
  return apply("matmul", {as_rows(a), as_rows(b)}, {{"transpose_a", true}, {"transpose_b", false}});
}

Value gates_of(const Value& x, int64_t units, int first, int count) {
  return apply("slice", {x},
               {{"begin", Ints{0, 0, first * units}},
                {"end", Ints{INT64_MAX, INT64_MAX, (first + count) * units}},
                {"strides", Ints{1, 1, 1}}});
}

// d kernel from the gradients at the products' results; `drop` is the mask of a gate where each has
// its own.
Value kernel_gradient(const Recurrence& r, const std::vector<Value>& traced,
                      const std::vector<Value>& back, const Value& drop, int64_t units) {
  const Value& seen = traced[r.seen_output()];
  const Value& d = r.reset_after() ? back[2] : back[0];
  const bool candidate_apart = r.cell == RecurrentCell::gru;  // its product saw r * seen
  if (!candidate_apart && !r.apart) return summed_product(seen, d);
  const int together = r.apart ? 1 : 2;
  std::vector<Value> parts;
  for (int g = 0; g < r.gates() - candidate_apart; g += together) {
    const Value by_gate = r.apart ? mul(seen, gate_mask(drop, g)) : seen;
    parts.push_back(summed_product(by_gate, gates_of(d, units, g, together)));
  }
  if (candidate_apart)
    parts.push_back(
        summed_product(gates_of(traced[r.gates_output()], units, 3, 1), gates_of(d, units, 2, 1)));
  return apply("concat", std::move(parts), {{"axis", int64_t{1}}});
}

std::vector<Value> gradient_sequence_plain(const GradContext& g, const Recurrence& plain) {
  const std::string name(g.node->op->name);
  Attrs attrs = g.attrs();
  attrs.set("trace", true);
  const std::vector<Value> traced = apply_all(name, g.node->inputs, attrs);
  const Recurrence r(name, attrs);

  std::vector<Value> in;
  in.push_back(traced[r.simple() ? 0 : r.gates_output()]);
  if (!r.simple()) in.push_back(traced[r.lstm() ? r.c_before_output() : r.seen_output()]);
  in.push_back(g.in(Recurrence::kKernel));
  if (r.masked) in.push_back(g.in(r.mask_input()));
  if (r.dropped) in.push_back(g.in(r.drop_input()));
  if (g.grad(0)) in.push_back(g.grad(0));
  for (int i = 1; i < plain.plain_outputs(); ++i)
    in.push_back(g.grad(i) ? g.grad(i) : zeros_like(g.out(i)));
  attrs = g.attrs();
  attrs.set("trace", false);
  attrs.set("out_grad", static_cast<bool>(g.grad(0)));
  const std::vector<Value> back = apply_all(name + "_grad", in, attrs);

  std::vector<Value> grads(g.node->inputs.size());
  grads[Recurrence::kX] = back[0];
  grads[Recurrence::kKernel] =
      kernel_gradient(r, traced, back, r.apart ? g.in(r.drop_input()) : Value{},
                      g.in(Recurrence::kKernel).shape()[0]);
  grads[Recurrence::kH] = back[1];
  if (r.lstm()) grads[r.c_input()] = back[2];
  if (r.reset_after()) grads[r.bias_input()] = sum(back[2], {0, 1});
  return grads;
}

// The gradient of an op from its outputs written with other ops; `constant` is an input that counts
// as one, -1 for none. Fresh names for the inputs: only the direct dependence counts here.
using Outputs = std::vector<Value> (*)(const Recurrence& r, std::span<const Value> inputs);
std::vector<Value> gradient_by_outputs(Outputs formula, const GradContext& g, int constant) {
  std::vector<Value> inputs, wrt;
  std::vector<size_t> position;
  for (size_t i = 0; i < g.node->inputs.size(); ++i) {
    inputs.push_back(apply("identity", {g.in(static_cast<int>(i))}));
    if (!is_float(inputs[i].dtype()) || static_cast<int>(i) == constant) continue;
    wrt.push_back(inputs[i]);
    position.push_back(i);
  }
  const std::vector<Value> results = formula(Recurrence(g.node->op->name, g.attrs()), inputs);
  Value total;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!g.grads[i]) continue;
    const Value term = apply("sum", {mul(results[i], g.grads[i])});
    total = total ? add(total, term) : term;
  }
  const std::vector<Value> found = gradients(total, wrt);
  std::vector<Value> grads(inputs.size());
  for (size_t i = 0; i < found.size(); ++i) grads[position[i]] = found[i];
  return grads;
}

// The dropout mask `drop` counts as a constant: it is drawn, not computed.
std::vector<Value> gradient_sequence(const GradContext& g) {
  const Recurrence r(g.node->op->name, g.attrs());
  for (int i = r.plain_outputs(); i < r.outputs(); ++i)
    if (g.grad(i)) return gradient_by_outputs(sequence_as_loop, g, r.drop_input());
  return gradient_sequence_plain(g, r);
}

std::vector<Value> gradient_sequence_grad(const GradContext& g) {
  const Recurrence r(g.node->op->name, g.attrs());
  return gradient_by_outputs(sequence_grad_as_loop, g, r.grad_drop());
}

const OpDef kOps[] = {
    {"simple_rnn_sequence", 3, 5, infer_sequence, gradient_sequence},
    {"gru_sequence", 3, 6, infer_sequence, gradient_sequence},
    {"lstm_sequence", 4, 6, infer_sequence, gradient_sequence},
    {"simple_rnn_sequence_grad", 3, 6, infer_sequence_grad, gradient_sequence_grad},
    {"gru_sequence_grad", 4, 7, infer_sequence_grad, gradient_sequence_grad},
    {"lstm_sequence_grad", 5, 8, infer_sequence_grad, gradient_sequence_grad},
    {kRecurrentPair, 6, 16, infer_pair, nullptr, "plans join ops after gradients are written"},
};

}  // namespace

std::span<const OpDef> recurrent() { return kOps; }

}  // namespace kn::ops
