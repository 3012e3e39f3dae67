#include "base/recurrence.h"
#include "base/recurrence_pair.h"
#include "conformance/case.h"

namespace kn::test {

namespace {

struct Size {
  Dim steps, rows, units;
};

Attrs with(Attrs attrs, const Attrs& more) {
  for (const auto& [name, value] : more) attrs.set(name, value);
  return attrs;
}

void mask(Case& c, const Size& s) {
  // Some steps, and all of the first row's.
  std::vector<double> on;
  for (Dim t = 0; t < s.steps; ++t)
    for (Dim n = 0; n < s.rows; ++n) on.push_back(n > 0 && (3 * t + n) % 4 != 0);
  c.in_values(DType::b8, {s.steps, s.rows}, on);
}

void drop(Case& c, const Recurrence& r, const Size& s) {
  if (r.apart) c.in({r.gates(), s.rows, s.units}, 0, 2).constant();
  else if (r.dropped) c.in({s.rows, s.units}, 0, 2).constant();
}

// Many sums follow one another: more room than for a single product.
Case& finish(Case& c) { return c.tolerance(5e-5, 5e-6).tolerance64(1e-11, 1e-12).by("steps"); }

void forward_inputs(Case& c, const Recurrence& r, const Size& s) {
  c.in({s.steps, s.rows, r.gates() * s.units}, -1, 1);
  c.in({s.units, r.gates() * s.units}, -0.5, 0.5).in({s.rows, s.units}, -1, 1);
  if (r.lstm()) c.in({s.rows, s.units}, -1, 1);
  if (r.reset_after()) c.in({3 * s.units}, -1, 1);
  if (r.masked) mask(c, s);
  drop(c, r, s);
}

void back_inputs(Case& c, const Recurrence& r, const Size& s) {
  const Dim width = r.simple() ? s.units : 4 * s.units;
  // Gates between 0 and 1, away from where slopes jump.
  c.in({s.steps, s.rows, width}, 0.1, 0.9);
  if (!r.simple()) c.in({s.steps, s.rows, s.units}, -1, 1);
  c.in({s.units, r.gates() * s.units}, -0.5, 0.5);
  if (r.masked) mask(c, s);
  drop(c, r, s);
  if (r.out_grad) c.in({s.steps, s.rows, s.units}, -1, 1);
  c.in({s.rows, s.units}, -1, 1);
  if (r.lstm()) c.in({s.rows, s.units}, -1, 1);
}

// The batch is the second axis here, and units have to be known.
Case& forward(Cases& list, const std::string& cell, const Attrs& attrs, const Size& s) {
  const std::string op = cell + "_sequence";
  Case& c = list.op(op, attrs);
  forward_inputs(c, Recurrence(op, attrs), s);
  return finish(c).closed();
}

Case& back(Cases& list, const std::string& cell, const Attrs& attrs, const Size& s) {
  const std::string op = cell + "_sequence_grad";
  Case& c = list.op(op, attrs);
  back_inputs(c, Recurrence(op, attrs), s);
  return finish(c).closed();
}

// Both directions of a sequence and of its gradient.
void pairs(Cases& list, const std::string& cell, const Attrs& attrs, const Size& s) {
  const Attrs reversed = with(attrs, {{"reverse", true}});
  for (const bool gradient : {false, true}) {
    const std::string op = cell + (gradient ? "_sequence_grad" : "_sequence");
    Case& c = list.op(std::string(kRecurrentPair), recurrent_pair_attrs(op, attrs, reversed));
    for (int i = 0; i < 2; ++i)
      (gradient ? back_inputs : forward_inputs)(c, Recurrence(op, attrs), s);
    finish(c).closed();
  }
}

void all_of(Cases& list, const std::string& cell, const Attrs& attrs) {
  const Size small = {3, 2, 3};
  const Attrs options[] = {{},
                           {{"reverse", true}},
                           {{"masked", true}},
                           {{"dropped", true}},
                           {{"masked", true}, {"dropped", true}, {"reverse", true}},
                           {{"dropped", true}, {"apart", true}},
                           {{"masked", true}, {"dropped", true}, {"apart", true}},
                           {{"activation", "relu"}, {"recurrent_activation", "hard_sigmoid"}},
                           {{"activation", "sigmoid"}, {"recurrent_activation", "relu6_sigmoid"}},
                           {{"activation", "linear"}, {"recurrent_activation", "tanh"}}};
  for (const Attrs& more : options) {
    const Attrs a = with(attrs, more);
    forward(list, cell, a, small);
    forward(list, cell, with(a, {{"trace", true}}), small).no_second_here();
    back(list, cell, a, small);
    back(list, cell, with(a, {{"out_grad", true}}), small);
  }
  for (const Size& s : {small, Size{4, 1, 33}, Size{3, 19, 16}}) {
    pairs(list, cell, attrs, s);
    pairs(list, cell, with(attrs, {{"masked", true}, {"dropped", true}}), s);
  }
  // Sizes about the edges of vectors and tiles, and nothing at all.
  const Attrs full = with(attrs, {{"masked", true}, {"dropped", true}, {"trace", true}});
  const Attrs full_back = with(attrs, {{"masked", true}, {"dropped", true}, {"out_grad", true}});
  for (const Size& s : {Size{4, 1, 1}, Size{2, 5, 8}, Size{2, 7, 15}, Size{2, 13, 16},
                        Size{2, 29, 17}, Size{3, 60, 33}, Size{2, 8, 70}, Size{3, 29, 50},
                        Size{2, 60, 65}, Size{2, 80, 64}, Size{0, 3, 4}, Size{3, 0, 4}}) {
    forward(list, cell, attrs, s).no_gradient_here().no_second_here();
    forward(list, cell, full, s).no_gradient_here().no_second_here();
    back(list, cell, full_back, s).no_gradient_here().no_second_here();
    forward(list, cell, with(full, {{"apart", true}}), s).no_gradient_here().no_second_here();
    back(list, cell, with(full_back, {{"apart", true}}), s).no_gradient_here().no_second_here();
  }
}

}  // namespace

void recurrent_cases(Cases& list) {
  all_of(list, "simple_rnn", {});
  all_of(list, "lstm", {});
  all_of(list, "gru", {});
  all_of(list, "gru", {{"reset_after", true}});
}

}  // namespace kn::test
