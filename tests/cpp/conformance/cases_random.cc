#include "conformance/case.h"

namespace kn::test {

namespace {

// Every instruction set draws the same bits: cpu/random_test.cc checks it.
void drawn(Cases& list, const std::string& op, const Attrs& attrs) {
  for (Ints shape : {Ints{}, Ints{1}, Ints{0, 3}, Ints{7, 9}, Ints{3, 500}}) {
    Attrs all = attrs;
    all.set("seed", int64_t{7});
    all.set("shape", shape);
    list.op(op, all).types({DType::f32}).tolerance(0, 0);
  }
}

}  // namespace

void random_cases(Cases& list) {
  for (std::string dtype : {"float32", "float64"}) {
    drawn(list, "random_uniform", {{"low", -1.5}, {"high", 2}, {"dtype", dtype}});
    drawn(list, "random_normal", {{"mean", 1}, {"stddev", 0.5}, {"dtype", dtype}});
    drawn(list, "truncated_normal", {{"mean", 1}, {"stddev", 0.5}, {"dtype", dtype}});
  }
  for (std::string dtype : {"int32", "int64", "uint8"})
    drawn(list, "random_uniform", {{"low", 3}, {"high", 90}, {"dtype", dtype}});
  for (std::string dtype : {"float32", "float64", "int32", "int64", "uint8", "bool"})
    drawn(list, "random_bernoulli", {{"p", 0.3}, {"dtype", dtype}});
  list.op("random_uniform", {{"seed", 3}}).in_values(DType::i64, {2}, {4, 5}).constant();

  list.op("dropout", {{"rate", 0.4}, {"seed", 3}}).in({5, 7});
  list.op("dropout", {{"rate", 0.0}, {"seed", 3}}).in({5, 7});
  list.op("dropout", {{"rate", 0.4}, {"seed", 3}}).in({0, 7});
  list.op("dropout", {{"rate", 0.4}, {"seed", 3}}).in({37, 131});
  list.op("dropout", {{"rate", 0.4}, {"seed", 3}}).in({});
  list.op("dropout", {{"rate", 0.4}, {"seed", 3}, {"noise_shape", Ints{-1, 1, -1}}}).in({3, 4, 5});
  list.op("dropout", {{"rate", 0.4}, {"seed", 3}, {"noise_shape", Ints{-1, 1}}}).in({5, 70});
  list.op("dropout", {{"rate", 0.4}, {"seed", 3}, {"noise_shape", Ints{1, 1, -1, 1}}})
      .in({3, 4, 5, 2});
}

}  // namespace kn::test
