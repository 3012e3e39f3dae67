#include "ops/recurrent_steps.h"

#include "base/slice.h"
#include "ops/build.h"
#include "ops/loop.h"

namespace kn::ops {

namespace {

using Activation = RecurrentActivation;

Value activate(Activation kind, const Value& x) {
  switch (kind) {
    case Activation::linear: return x;
    case Activation::tanh: return apply("tanh", {x});
    case Activation::sigmoid: return apply("sigmoid", {x});
    case Activation::hard_sigmoid: return apply("hard_sigmoid", {x});
    case Activation::relu: return apply("relu", {x});
    case Activation::relu6_sigmoid: break;
  }
  const Value line = add(scale(x, 1.0 / 6), scalar_like(0.5, x));
  return apply("clip", {line}, {{"min", 0.0}, {"max", 1.0}});
}

// g times the slope of the activation where its result is y.
Value slope(Activation kind, const Value& g, const Value& y) {
  switch (kind) {
    case Activation::linear: return g;
    case Activation::tanh: return apply("tanh_grad", {g, y});
    case Activation::sigmoid: return apply("sigmoid_grad", {g, y});
    case Activation::relu: return apply("relu_grad", {g, y});
    default: break;
  }
  const Value inside = apply("logical_and", {apply("greater", {y, scalar_like(0, y)}),
                                             apply("less", {y, scalar_like(1, y)})});
  const double factor = kind == Activation::hard_sigmoid ? 0.2 : 1.0 / 6;
  return where(inside, scale(g, factor), scalar_like(0, g));
}

Value product(const Value& a, const Value& b, bool transpose_b = false) {
  return apply("matmul", {a, b}, {{"transpose_a", false}, {"transpose_b", transpose_b}});
}

// Gates [first, first + count) of the columns of a matrix.
Value gates_of(const Value& x, int64_t units, int first, int count = 1) {
  return apply("slice", {x},
               {{"begin", Ints{0, first * units}},
                {"end", Ints{kSliceToEnd, (first + count) * units}},
                {"strides", Ints{1, 1}}});
}

Value joined(std::vector<Value> parts) {
  return apply("concat", std::move(parts), {{"axis", int64_t{1}}});
}

Value complement(const Value& x) { return sub(scalar_like(1, x), x); }

// A loop being written, with a placeholder for everything that changes from step to step.
class Steps {
 public:
  explicit Steps(bool reverse) { loop_.reverse = reverse; }

  Value sequence(const Value& all) {
    TensorType type = all.type();
    type.shape.erase(0);
    loop_.sequences.push_back(all);
    loop_.slices.push_back(placeholder(type, "step"));
    return loop_.slices.back();
  }
  Value state(const Value& first) {
    loop_.states.push_back(first);
    loop_.states_in.push_back(placeholder(first.type(), "state"));
    return loop_.states_in.back();
  }
  // A column of a mask (N,) as (N, 1), or nothing.
  Value mask(int input, std::span<const Value> inputs) {
    if (input < 0) return {};
    return apply("expand_dims", {sequence(inputs[input])}, {{"axis", int64_t{-1}}});
  }
  // The first output of all steps, the final states, the other outputs.
  std::vector<Value> run(std::vector<Value> outputs, std::vector<Value> states) {
    loop_.outputs = std::move(outputs);
    loop_.states_out = std::move(states);
    LoopResult all = make_loop(loop_);
    all.outputs.insert(all.outputs.begin() + 1, all.states.begin(), all.states.end());
    return all.outputs;
  }

 private:
  LoopSpec loop_;
};

Value where_on(const Value& mask, const Value& a, const Value& b) {
  return mask ? where(mask, a, b) : a;
}
Value zero_off(const Value& mask, const Value& a) { return where_on(mask, a, scalar_like(0, a)); }

// What the products of a step see of the state, and the way back from there. A dropout mask is one
// for all gates or, `apart`, one for each.
class Seen {
 public:
  Seen(const Recurrence& r, const Value& drop, const Value& kernel) : r_(r), kernel_(kernel) {
    for (int g = 0; g < r.drops(); ++g) drops_.push_back(r.apart ? gate_mask(drop, g) : drop);
  }

  Value gate(const Value& h, int g) const { return drops_.empty() ? h : mul(h, drop(g)); }
  // What gru's update gate lets through.
  Value carried(const Value& h) const { return r_.apart ? h : gate(h, 0); }
  // Products of h, as gates [first, first + count) see it, with the kernel.
  Value products(const Value& h, int first, int count) const {
    if (!r_.apart) return product(gate(h, 0), kernel_of(first, count));
    std::vector<Value> parts;
    for (int g = first; g < first + count; ++g)
      parts.push_back(product(gate(h, g), kernel_of(g, 1)));
    return joined(std::move(parts));
  }
  // The gradient of h from that of these products.
  Value back(const Value& d, int first, int count) const {
    if (!r_.apart) return gate(product(d, kernel_of(first, count), true), 0);
    Value sum;
    for (int g = 0; g < count; ++g) {
      const Value d_g = gates_of(d, units(), g);
      const Value term = gate(product(d_g, kernel_of(first + g, 1), true), first + g);
      sum = sum ? add(sum, term) : term;
    }
    return sum;
  }
  int64_t units() const { return kernel_.shape()[0]; }
  Value kernel_of(int first, int count) const {
    if (first == 0 && count == r_.gates()) return kernel_;
    return gates_of(kernel_, units(), first, count);
  }

 private:
  const Value& drop(int g) const { return drops_[r_.apart ? g : 0]; }

  const Recurrence& r_;
  Value kernel_;
  std::vector<Value> drops_;
};

struct Step {
  Value h, c, gates;
};

Step lstm_step(const Recurrence& r, const Value& x, const Seen& seen, const Value& h,
               const Value& c) {
  const int64_t units = seen.units();
  const Value z = add(x, seen.products(h, 0, 4));
  const Value i = activate(r.gate, gates_of(z, units, 0)),
              f = activate(r.gate, gates_of(z, units, 1)),
              a = activate(r.activation, gates_of(z, units, 2)),
              o = activate(r.gate, gates_of(z, units, 3));
  const Value next = add(mul(f, c), mul(i, a));
  return {mul(o, activate(r.activation, next)), next, joined({i, f, a, o})};
}

Step gru_step(const Recurrence& r, const Value& x, const Seen& seen, const Value& h,
              const Value& bias) {
  const int64_t units = seen.units();
  const Value p = r.reset_after() ? add(seen.products(h, 0, 3), bias) : seen.products(h, 0, 2);
  const Value zr = activate(r.gate, add(gates_of(x, units, 0, 2), gates_of(p, units, 0, 2)));
  const Value z = gates_of(zr, units, 0), reset = gates_of(zr, units, 1);
  const Value last = r.reset_after() ? gates_of(p, units, 2) : mul(reset, seen.gate(h, 2));
  const Value inner = r.reset_after() ? mul(reset, last) : product(last, seen.kernel_of(2, 1));
  const Value a = activate(r.activation, add(gates_of(x, units, 2), inner));
  return {add(mul(z, seen.carried(h)), mul(complement(z), a)), {}, joined({z, reset, a, last})};
}

// What flows back through a step: into x, into the products with the kernel where that is something
// else, to the state before, and into c.
struct Back {
  Value x, product, h, c;
};

Back lstm_back(const Recurrence& r, const Value& gates, const Value& c_before, const Value& dh,
               const Value& dc, const Seen& seen) {
  const int64_t units = seen.units();
  const Value i = gates_of(gates, units, 0), f = gates_of(gates, units, 1),
              a = gates_of(gates, units, 2), o = gates_of(gates, units, 3);
  const Value shown = activate(r.activation, add(mul(f, c_before), mul(i, a)));
  const Value total = add(dc, slope(r.activation, mul(dh, o), shown));
  const Value dx =
      joined({slope(r.gate, mul(total, a), i), slope(r.gate, mul(total, c_before), f),
              slope(r.activation, mul(total, i), a), slope(r.gate, mul(dh, shown), o)});
  return {dx, {}, seen.back(dx, 0, 4), mul(total, f)};
}

// `before` is what the update gate let through.
Back gru_back(const Recurrence& r, const Value& gates, const Value& before, const Value& dh,
              const Seen& seen) {
  const int64_t units = seen.units();
  const Value z = gates_of(gates, units, 0), reset = gates_of(gates, units, 1),
              a = gates_of(gates, units, 2), last = gates_of(gates, units, 3);
  const Value dz = slope(r.gate, mul(dh, sub(before, a)), z);
  const Value da = slope(r.activation, mul(dh, complement(z)), a);
  const Value carried = seen.carried(mul(dh, z));
  if (r.reset_after()) {
    const Value dr = slope(r.gate, mul(da, last), reset);
    const Value dp = joined({dz, dr, mul(da, reset)});
    return {joined({dz, dr, da}), dp, add(seen.back(dp, 0, 3), carried), {}};
  }
  const Value inner = product(da, seen.kernel_of(2, 1), true);
  const Value seen_last = r.apart ? seen.gate(before, 2) : before;
  const Value dr = slope(r.gate, mul(inner, seen_last), reset), dzr = joined({dz, dr});
  const Value through = add(seen.back(dzr, 0, 2), seen.gate(mul(inner, reset), 2));
  return {joined({dz, dr, da}), {}, add(through, carried), {}};
}

}  // namespace

Value gate_mask(const Value& drop, int gate) {
  const Value one = apply("slice", {drop},
                          {{"begin", Ints{gate, 0, 0}},
                           {"end", Ints{gate + 1, kSliceToEnd, kSliceToEnd}},
                           {"strides", Ints{1, 1, 1}}});
  return apply("squeeze", {one}, {{"axis", int64_t{0}}});
}

std::vector<Value> sequence_as_loop(const Recurrence& r, std::span<const Value> in) {
  Steps steps(r.reverse);
  const Value x = steps.sequence(in[Recurrence::kX]), kernel = in[Recurrence::kKernel];
  const Value mask = steps.mask(r.mask_input(), in);
  const Value h = steps.state(in[Recurrence::kH]);
  const Value c = r.lstm() ? steps.state(in[r.c_input()]) : Value{};
  const Seen seen(r, r.dropped ? in[r.drop_input()] : Value{}, kernel);

  Step step;
  if (r.lstm()) step = lstm_step(r, x, seen, h, c);
  else if (r.gru()) step = gru_step(r, x, seen, h, r.reset_after() ? in[r.bias_input()] : Value{});
  else step.h = activate(r.activation, add(x, seen.products(h, 0, 1)));

  const Value next = where_on(mask, step.h, h);
  std::vector<Value> outputs, states;
  outputs.push_back(next);
  states.push_back(next);
  if (r.lstm()) states.push_back(where_on(mask, step.c, c));
  if (r.trace) {
    if (!r.simple()) outputs.push_back(zero_off(mask, step.gates));
    outputs.push_back(seen.carried(h));
    if (r.lstm()) outputs.push_back(c);
  }
  return steps.run(std::move(outputs), std::move(states));
}

std::vector<Value> sequence_grad_as_loop(const Recurrence& r, std::span<const Value> in) {
  Steps steps(!r.reverse);
  const Value trace = steps.sequence(in[0]);
  const Value before = r.simple() ? Value{} : steps.sequence(in[1]);
  const Value kernel = in[r.grad_kernel()];
  const Value mask = steps.mask(r.grad_mask(), in);
  const Value d_out = r.out_grad ? steps.sequence(in[r.grad_out()]) : Value{};
  const Value d_h = steps.state(in[r.grad_h()]);
  const Value d_c = r.lstm() ? steps.state(in[r.grad_c()]) : Value{};
  const Seen seen(r, r.dropped ? in[r.grad_drop()] : Value{}, kernel);
  const Value dh = d_out ? add(d_h, d_out) : d_h;

  Back back;
  if (r.lstm()) {
    back = lstm_back(r, trace, before, dh, d_c, seen);
  } else if (r.gru()) {
    back = gru_back(r, trace, before, dh, seen);
  } else {
    back.x = slope(r.activation, dh, trace);
    back.h = seen.back(back.x, 0, 1);
  }
  std::vector<Value> outputs, states;
  outputs.push_back(zero_off(mask, back.x));
  if (r.reset_after()) outputs.push_back(zero_off(mask, back.product));
  states.push_back(where_on(mask, back.h, dh));
  if (r.lstm()) states.push_back(where_on(mask, back.c, d_c));
  return steps.run(std::move(outputs), std::move(states));
}

}  // namespace kn::ops
