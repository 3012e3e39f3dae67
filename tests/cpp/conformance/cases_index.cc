#include "conformance/case.h"

namespace kn::test {

namespace {

const std::vector<DType> kAllTypes = {DType::f32, DType::f64, DType::i32,
                                      DType::i64, DType::u8,  DType::b8};
const std::vector<DType> kNumbers = {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8};
// Within an axis of 5, except for two: -1 and 5 are no rows.
const std::vector<double> kSix = {4, 0, -1, 2, 5, 2};

void gather_cases(Cases& list) {
  list.op("gather", {{"axis", 0}}).in({5, 3}).in_values(DType::i32, {2, 3}, kSix).types(kAllTypes);
  list.op("gather", {{"axis", 0}}).in({5}).in_values(DType::i64, {6}, kSix).types(kAllTypes);
  list.op("gather", {{"axis", 1}}).in({3, 5, 2}).in_values(DType::i64, {6}, kSix).types(kAllTypes);
  list.op("gather", {{"axis", -1}}).in({3, 5}).in_values(DType::i32, {2, 3}, kSix);
  list.op("gather", {{"axis", 0}}).in({5, 64}).in_values(DType::u8, {2}, {4, 1});
  list.op("gather", {{"axis", 0}}).in({5, 3}).in_values(DType::i64, {}, {2});
  list.op("gather", {{"axis", 0}}).in({5, 3}).in_as(DType::i64, {0});
  list.op("gather", {{"axis", 0}}).in({0, 3}).in_values(DType::i64, {1}, {0});
  list.op("gather", {{"axis", 0}}).in({5, 0}).in_values(DType::i64, {1}, {0});
  list.op("gather", {{"axis", 0}}).in({50, 37}).in_as(DType::i32, {300}, -2, 52).types(kAllTypes);
}

void scatter_cases(Cases& list) {
  list.op("scatter_add", {{"axis", 0}})
      .in({5, 3})
      .in_values(DType::i32, {2, 3}, kSix)
      .in({2, 3, 3})
      .types(kNumbers);
  list.op("scatter_add", {{"axis", 0}}).in({5}).in_values(DType::i64, {6}, kSix).in({6});
  list.op("scatter_add", {{"axis", 1}})
      .in({3, 5, 2})
      .in_values(DType::i64, {6}, kSix)
      .in({3, 6, 2})
      .types(kNumbers);
  list.op("scatter_add", {{"axis", 0}}).in({5, 3}).in_as(DType::i64, {0}).in({0, 3}).closed();
  list.op("scatter_add", {{"axis", 0}})
      .in({50, 37})
      .in_as(DType::i32, {300}, -2, 52)
      .in({300, 37})
      .types(kNumbers);
}

void along_cases(Cases& list) {
  list.op("take_along", {{"axis", -1}})
      .in({2, 5})
      .in_values(DType::i32, {2, 3}, kSix)
      .types(kAllTypes);
  list.op("take_along", {{"axis", 0}}).in({5, 3}).in_values(DType::i64, {2, 3}, kSix).closed();
  list.op("put_along", {{"axis", -1}})
      .in({2, 5})
      .in_values(DType::i32, {2, 3}, kSix)
      .in({2, 3})
      .types(kNumbers);
  list.op("put_along", {{"axis", 0}})
      .in({5, 3})
      .in_values(DType::i64, {2, 3}, kSix)
      .in({2, 3})
      .closed();
}

void top_k_cases(Cases& list) {
  for (int64_t k : {1, 3, 7}) list.op("top_k", {{"k", k}}).in({4, 7}).types(kNumbers);
  list.op("top_k", {{"k", 0}}).in({4, 7});
  list.op("top_k", {{"k", 5}}).in({2, 3, 200}).types(kNumbers);
  list.op("top_k", {{"k", 150}}).in({2, 200});
  list.op("top_k", {{"k", 1}}).in({1}).closed();
  for (int64_t k : {0, 1, 2, 9})
    list.op("in_top_k", {{"k", k}}).in({6, 5}).in_values(DType::i32, {6}, kSix).types(kNumbers);
  list.op("in_top_k", {{"k", 3}}).in({70, 33}).in_as(DType::i64, {70}, 0, 32);
}

}  // namespace

void index_cases(Cases& list) {
  gather_cases(list);
  scatter_cases(list);
  along_cases(list);
  for (std::string dtype : {"float32", "float64", "int32", "int64", "uint8", "bool"})
    list.op("one_hot", {{"depth", 5}, {"dtype", dtype}}).in_values(DType::i32, {2, 3}, kSix);
  list.op("one_hot", {{"depth", 0}}).in_values(DType::i64, {2}, {0, 1});
  list.op("one_hot", {{"depth", 40}}).in_as(DType::i64, {60}, -1, 40);
  list.op("one_hot", {{"depth", 3}}).in_values(DType::u8, {}, {1});
  top_k_cases(list);
}

}  // namespace kn::test
