#include "conformance/case.h"

namespace kn::test {

namespace {

const std::vector<DType> kNumbers = {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8};

// Every way axes collapse: rows, columns, all, a middle axis, alternating ones, none, size 1.
void shapes_of(Cases& list, const std::string& op, const std::vector<DType>& types, double low,
               double high) {
  const auto add = [&](Attrs attrs, Shape shape) -> Case& {
    return list.op(op, std::move(attrs)).in(shape, low, high).types(types);
  };
  add({}, {7}).named("all of a vector");
  add({}, {3, 5}).named("all");
  add({{"keepdims", true}}, {3, 4}).named("all, kept");
  add({{"axes", Ints{-1}}}, {4, 19}).named("rows");
  add({{"axes", Ints{0}}}, {19, 5}).named("columns");
  add({{"axes", Ints{1}}, {"keepdims", true}}, {3, 4, 5}).named("middle");
  add({{"axes", Ints{0, 2}}}, {3, 2, 5}).named("outer and inner");
  add({{"axes", Ints{-4, 2}}, {"keepdims", true}}, {2, 3, 2, 3}).named("alternating");
  Case* single[] = {&add({{"axes", Ints{}}}, {2, 3}).named("no axis"),
                    &add({{"axes", Ints{1}}}, {4, 1}).named("an axis of size 1")};
  if (op == "std")  // the root has no slope at 0
    for (Case* c : single) c->no_gradient_here().no_second_here();
}

void running_cases(Cases& list) {
  for (const char* op : {"cumsum", "cumprod"}) {
    for (int64_t axis : {0, 1, -1}) list.op(op, {{"axis", axis}}).in({3, 5, 2}).types(kNumbers);
    list.op(op, {{"axis", 1}, {"exclusive", true}}).in({2, 5});
    list.op(op, {{"axis", 1}, {"reverse", true}}).in({2, 5});
    list.op(op, {{"axis", 0}, {"exclusive", true}, {"reverse", true}}).in({5, 2});
    list.op(op, {{"axis", 1}}).in({2, 0}).named("empty");
  }
  for (const char* op : {"cumprod", "prod"})
    list.op(op, op[0] == 'c' ? Attrs{{"axis", 1}} : Attrs{{"axes", Ints{1}}})
        .in_values(DType::f64, {3, 4}, {2, 0, 3, 5, 0, 0, 2, 3, 1, 2, 3, 4})
        .types({DType::f64})
        .named("zeros");
  for (bool reverse : {false, true}) {
    list.op("linear_scan", {{"axis", 1}, {"reverse", reverse}}).in({2, 5, 3}).in({2, 5, 3});
    list.op("linear_scan", {{"axis", 0}, {"reverse", reverse}}).in({4, 2}).in({4, 2});
  }
}

}  // namespace

void reduce_cases(Cases& list) {
  for (const char* op : {"sum", "mean", "max", "min"}) shapes_of(list, op, kNumbers, -3, 3);
  shapes_of(list, "prod", kNumbers, -1.5, 1.5);
  for (const char* op : {"var", "std", "logsumexp"})
    shapes_of(list, op, {DType::f32, DType::f64}, -3, 3);
  for (const char* op : {"any", "all"}) shapes_of(list, op, {DType::b8}, 0, 1);
  for (const char* op : {"sum", "mean", "max", "min"}) {
    for (int64_t axis : {0, 1})
      list.op(op, {{"axes", Ints{axis}}})
          .in({131, 67})
          .types(kNumbers)
          .no_gradient_here()
          .no_second_here();
    list.op(op, {{"axes", Ints{0}}}).in({0, 3}).types({DType::f32, DType::f64}).named("empty");
    list.op(op, {{"axes", Ints{1}}}).in({0, 3}).types({DType::f32, DType::f64}).named("no output");
  }
  // Differences across a tie do not tell the share of each: two of three are equal.
  list.op("max", {{"axes", Ints{1}}})
      .in_values(DType::f64, {2, 3}, {1, 2, 2, 3, 3, 3})
      .types({DType::f64})
      .no_gradient_here()
      .no_second_here()
      .named("ties");
  for (const char* op : {"argmax", "argmin"})
    for (int64_t axis : {0, 1, -1})
      list.op(op, {{"axis", axis}})
          .in({4, 7, 3})
          .types({DType::f32, DType::f64, DType::i32, DType::i64, DType::u8, DType::b8});
  list.op("sum_like").in({4, 3, 5}).in({3, 5}).named("leading axis");
  list.op("sum_like").in({4, 3, 5}).in({4, 1, 5}).named("middle axis");
  list.op("sum_like").in({4, 3, 5}).in({1}).named("all but rank");
  list.op("sum_like").in({4, 3}).in({}).named("to a scalar").types(kNumbers);
  list.op("sum_like").in({4, 3}).in({4, 3}).named("equal shapes");
  list.op("sum_like").in({4, 1}).in({1, 1}).named("size 1 on both sides");
  running_cases(list);
}

}  // namespace kn::test
