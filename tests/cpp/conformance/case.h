// The conformance list: one row per op and variant. A row buys the forward result of every kernel
// on every instruction set against the reference, the gradient and the gradient's gradient against
// finite differences, and shape inference with an unknown extent. A new op: rows in the file
// cases_<family>.cc of its family.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "ops/families.h"
#include "support/tensors.h"

namespace kn::test {

struct Arg {
  Shape shape;
  double low = -2, high = 2;
  bool follows_type = true;  // of the dtype the row is run with; else of `dtype`
  DType dtype = DType::f32;
  std::vector<double> values;  // instead of numbers drawn from [low, high)
  bool constant = false;       // a constant of the plan
};

// A row, written as list.op("concat", {{"axis", 1}}).in({2, 3}).in({2, 5}).
struct Case {
  std::string op;
  Attrs attrs;
  std::string note;  // distinguishes rows in test names and messages
  std::vector<Arg> args;
  std::shared_ptr<const Payload> payload;
  std::vector<DType> dtypes = {DType::f32, DType::f64};
  Tolerance f32{2e-5, 2e-6}, f64{1e-12, 1e-13};
  Tolerance gradient_tolerance{1e-5, 1e-6};
  bool check_gradient = true, check_second = true, open_batch = true;
  std::vector<std::string> must_make;

  // An input of the dtype the row is run with, drawn from [low, high).
  Case& in(Shape shape, double low = -2, double high = 2);
  // An input of a fixed dtype: indices, conditions, sizes.
  Case& in_as(DType dtype, Shape shape, double low = 0, double high = 1);
  Case& in_values(DType dtype, Shape shape, std::vector<double> values);
  // The last input is known when the plan is made.
  Case& constant();
  Case& types(std::vector<DType> dtypes);
  Case& tolerance(double relative, double absolute);  // of float32
  Case& tolerance64(double relative, double absolute);
  Case& grad_tolerance(double relative, double absolute);
  // The op has a gradient, but not at these inputs or attributes (say why beside it).
  Case& no_gradient_here();
  Case& no_second_here();
  // The op cannot take inputs whose first extent is unknown.
  Case& closed();
  // This candidate must not refuse the row, in every dtype.
  Case& by(std::string candidate);
  Case& with(std::shared_ptr<const Payload> data);
  Case& named(std::string text);
};

class Cases {
 public:
  Case& op(std::string name, Attrs attrs = {});
  const std::deque<Case>& rows() const { return rows_; }
  Case& row(size_t i) { return rows_[i]; }

 private:
  std::deque<Case> rows_;
};

// One function per family of ops; see ops/families.h.
#define KN_DECLARE(family) void family##_cases(Cases& list);
KN_OP_FAMILIES(KN_DECLARE)
#undef KN_DECLARE

const std::deque<Case>& all_cases();
void PrintTo(const Case* c, std::ostream* os);

}  // namespace kn::test
