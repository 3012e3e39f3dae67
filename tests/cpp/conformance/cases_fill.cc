#include "conformance/case.h"

namespace kn::test {

void fill_cases(Cases& list) {
  for (std::string dtype : {"float32", "float64", "int32", "int64", "uint8", "bool"}) {
    const auto full = [&](Shape shape, double value) {
      list.op("full", {{"shape", shape.vec()}, {"value", value}, {"dtype", dtype}})
          .types({DType::f32});
    };
    full({3, 5}, 2.5);
    full({0, 5}, 1);
    full({}, 1);
  }
  list.op("full", {{"value", 3}}).in_values(DType::i64, {2}, {2, 7}).constant();
  list.op("full", {{"value", 3}}).in_values(DType::i32, {1}, {100});
  for (std::string dtype : {"float32", "float64", "int32", "int64", "uint8"}) {
    list.op("arange", {{"stop", 7}, {"dtype", dtype}}).types({DType::f32});
    list.op("arange", {{"start", 2}, {"stop", 40}, {"step", 3}, {"dtype", dtype}})
        .types({DType::f32});
    list.op("eye", {{"n", 5}, {"dtype", dtype}}).types({DType::f32});
  }
  list.op("arange", {{"start", 1}, {"stop", -1}, {"step", -0.25}}).types({DType::f32});
  list.op("arange", {{"start", 1}, {"stop", 1}}).types({DType::f32});
  list.op("eye", {{"n", 3}, {"columns", 5}}).types({DType::f32});
  list.op("eye", {{"n", 0}}).types({DType::f32});
}

}  // namespace kn::test
