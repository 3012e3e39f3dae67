#include <limits>

#include "conformance/case.h"

namespace kn::test {

namespace {

const Attrs kEpsilon = {{"epsilon", 1e-7}};
const Attrs kWide = {{"epsilon", 0.2}};  // so that random probabilities fall on both sides

// Predictions in [low, high), a target or labels, and g for gradient ops.
Case& row(Cases& list, const std::string& op, const Attrs& attrs, const Shape& x, double low,
          double high) {
  Shape lead = x;
  lead.erase(x.rank() - 1);
  Case& c = list.op(op, attrs).in(x, low, high);
  if (op.find("sparse") == std::string::npos) c.in(x, 0, 1);
  else c.in_as(DType::i32, lead, 0, static_cast<double>(x.back() - 1));
  if (op.ends_with("_grad")) c.in(lead);
  return c.tolerance(1e-5, 2e-6);
}

void from_logits(Cases& list, const std::string& op) {
  for (Dim n : {1, 2, 10, 17, 33}) row(list, op, {}, {6, n}, -4, 4);
  row(list, op, {}, {2, 3, 5}, -4, 4);
  row(list, op, {}, {4}, -4, 4).closed();
  row(list, op, {}, {0, 4}, -4, 4);
  row(list, op, {}, {3, 300}, -4, 4).no_gradient_here().no_second_here();
}

// Loss, gradient and hits at once: with and without weights, hits and probabilities.
void of_steps(Cases& list, const std::string& op) {
  const double epsilon = op.starts_with("softmax_with") ? 0 : 0.02;
  for (int variant = 0; variant < 8; ++variant) {
    const Attrs attrs = {{"epsilon", epsilon},
                         {"scale", 0.3},
                         {"hits", (variant & 1) != 0},
                         {"keep", (variant & 2) != 0}};
    for (Dim n : {1, 10, 33}) {
      Case& c = row(list, op, attrs, {6, n}, -4, 4);
      if (variant & 4) c.in({6}, 0, 2);
    }
  }
  const Attrs all = {{"epsilon", epsilon}, {"hits", true}, {"keep", true}};
  row(list, op, all, {2, 3, 5}, -4, 4).in({2, 3});
  row(list, op, all, {70, 40}, -4, 4);  // more rows than are taken at a time
  row(list, op, all, {0, 4}, -4, 4);
  Case& equal = list.op(op, all).in({3, 3}).named("equal probabilities: the first is meant");
  equal.args[0].values = {1, 1, 0, 0, 2, 2, 3, 3, 3};
  if (op.find("sparse") == std::string::npos)
    equal.in_values(DType::f32, {3, 3}, {0, .5, .5, 0, 1, 0, 1, 1, 1}).types({DType::f32});
  else equal.in_values(DType::f32, {3}, {0, 2, 0});
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  Case& strange = row(list, op, all, {2, 3}, -4, 4).named("logits that are no numbers");
  strange.args[0].values = {kNaN, 1, 0, kInfinity, 1, 0};
}

void from_probabilities(Cases& list, const std::string& op) {
  for (const Attrs& attrs : {kEpsilon, kWide}) {
    for (Dim n : {2, 10, 17, 33}) row(list, op, attrs, {6, n}, 0.02, 0.98);
    row(list, op, attrs, {2, 3, 5}, 0.02, 0.98);
  }
  row(list, op, kEpsilon, {0, 4}, 0, 1);
  // Exactly 0 and 1: clipped, and differences across the edge say nothing of the gradient.
  Case& edge = list.op(op, kEpsilon).in({2, 2}).no_gradient_here().no_second_here().named("edge");
  edge.args[0].values = {0, 1, 1, 0};
  if (op.find("sparse") == std::string::npos) edge.in({2, 2}, 0, 1);
  else edge.in_as(DType::i64, {2}, 0, 1);
  if (op.ends_with("_grad")) edge.in({2});
}

}  // namespace

void loss_cases(Cases& list) {
  for (const char* op :
       {"softmax_cross_entropy", "softmax_cross_entropy_grad", "sparse_softmax_cross_entropy",
        "sparse_softmax_cross_entropy_grad", "softmax_categorical_crossentropy",
        "softmax_sparse_categorical_crossentropy", "softmax_with_cross_entropy",
        "softmax_with_sparse_cross_entropy"})
    from_logits(list, op);
  for (const char* op :
       {"categorical_crossentropy", "categorical_crossentropy_grad",
        "sparse_categorical_crossentropy", "sparse_categorical_crossentropy_grad",
        "softmax_categorical_crossentropy_grad", "softmax_sparse_categorical_crossentropy_grad"})
    from_probabilities(list, op);
  for (const char* op :
       {"softmax_categorical_crossentropy_step", "softmax_sparse_categorical_crossentropy_step",
        "softmax_with_cross_entropy_step", "softmax_with_sparse_cross_entropy_step"})
    of_steps(list, op);
  for (DType labels : {DType::i64, DType::u8, DType::f32, DType::f64})
    list.op("sparse_categorical_crossentropy", kEpsilon)
        .in({4, 3}, 0.1, 0.9)
        .in_values(labels, {4}, {0, 2, 1, 2})
        .no_gradient_here()
        .no_second_here();
  for (const char* op :
       {"sparse_softmax_cross_entropy", "sparse_softmax_cross_entropy_grad",
        "sparse_categorical_crossentropy", "sparse_categorical_crossentropy_grad",
        "softmax_sparse_categorical_crossentropy", "softmax_with_sparse_cross_entropy",
        "softmax_sparse_categorical_crossentropy_grad",
        "softmax_sparse_categorical_crossentropy_step", "softmax_with_sparse_cross_entropy_step"}) {
    Case& bad = list.op(op).in({4, 3}, 0.1, 0.9).in_values(DType::i32, {4}, {0, -1, 3, 2});
    if (std::string(op).ends_with("_grad")) bad.in({4});
    bad.no_gradient_here().no_second_here().named("labels out of range");
  }
  for (Dim n : {1, 3, 16, 37}) {
    list.op("binary_crossentropy_logits").in({n}, -30, 30).in({n}, 0, 1).tolerance(1e-5, 2e-6);
    list.op("binary_crossentropy", kEpsilon).in({n}, 0.02, 0.98).in({n}, 0, 1);
    list.op("binary_crossentropy", kWide).in({n, 2}, 0.02, 0.98).in({n, 2}, 0, 1);
  }
  list.op("binary_crossentropy", kEpsilon)
      .in_values(DType::f64, {4}, {0, 1, 0, 1})
      .in_values(DType::f64, {4}, {0, 1, 1, 0})
      .types({DType::f64})
      .no_gradient_here()
      .no_second_here()
      .named("edge");
}

}  // namespace kn::test
