#include "conformance/case.h"

namespace kn::test {

Case& Case::in(Shape shape, double low, double high) {
  args.push_back({.shape = shape, .low = low, .high = high, .values = {}});
  return *this;
}

Case& Case::in_as(DType dtype, Shape shape, double low, double high) {
  args.push_back({.shape = shape,
                  .low = low,
                  .high = high,
                  .follows_type = false,
                  .dtype = dtype,
                  .values = {}});
  return *this;
}

Case& Case::in_values(DType dtype, Shape shape, std::vector<double> values) {
  args.push_back(
      {.shape = shape, .follows_type = false, .dtype = dtype, .values = std::move(values)});
  return *this;
}

Case& Case::constant() {
  args.back().constant = true;
  return *this;
}

Case& Case::types(std::vector<DType> wanted) {
  dtypes = std::move(wanted);
  return *this;
}

Case& Case::tolerance(double relative, double absolute) {
  f32 = {relative, absolute};
  return *this;
}

Case& Case::tolerance64(double relative, double absolute) {
  f64 = {relative, absolute};
  return *this;
}

Case& Case::grad_tolerance(double relative, double absolute) {
  gradient_tolerance = {relative, absolute};
  return *this;
}

Case& Case::no_gradient_here() {
  check_gradient = check_second = false;
  return *this;
}

Case& Case::no_second_here() {
  check_second = false;
  return *this;
}

Case& Case::closed() {
  open_batch = false;
  return *this;
}

Case& Case::by(std::string candidate) {
  must_make.push_back(std::move(candidate));
  return *this;
}

Case& Case::with(std::shared_ptr<const Payload> data) {
  payload = std::move(data);
  return *this;
}

Case& Case::named(std::string text) {
  note = std::move(text);
  return *this;
}

Case& Cases::op(std::string name, Attrs attrs) {
  rows_.emplace_back();
  rows_.back().op = std::move(name);
  rows_.back().attrs = std::move(attrs);
  return rows_.back();
}

const std::deque<Case>& all_cases() {
  static const Cases list = [] {
    Cases made;
#define KN_ADD(family) family##_cases(made);
    KN_OP_FAMILIES(KN_ADD)
#undef KN_ADD
    return made;
  }();
  return list.rows();
}

}  // namespace kn::test
