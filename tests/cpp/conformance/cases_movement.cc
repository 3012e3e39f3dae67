#include "conformance/case.h"

namespace kn::test {

namespace {

const std::vector<DType> kAllTypes = {DType::f32, DType::f64, DType::i32,
                                      DType::i64, DType::u8,  DType::b8};
const std::vector<DType> kNumbers = {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8};

void transpose_cases(Cases& list) {
  list.op("transpose", {{"perm", Ints{}}}).in({}).types(kAllTypes);
  list.op("transpose", {{"perm", Ints{0}}}).in({5});
  list.op("transpose", {{"perm", Ints{1, 0}}}).in({5, 7}).types(kAllTypes);
  list.op("transpose", {{"perm", Ints{1, 0}}}).in({1, 7});
  list.op("transpose", {{"perm", Ints{1, 0}}}).in({0, 7});
  list.op("transpose", {{"perm", Ints{1, 0}}}).in({67, 131}).types(kAllTypes);
  list.op("transpose", {{"perm", Ints{0, 1}}}).in({6, 7});
  list.op("transpose", {{"perm", Ints{0, 2, 1}}}).in({3, 17, 33}).types(kAllTypes);
  list.op("transpose", {{"perm", Ints{1, 0, 2}}}).in({4, 5, 6}).types(kAllTypes);
  list.op("transpose", {{"perm", Ints{2, 1, 0}}}).in({9, 4, 35}).types(kAllTypes);
  list.op("transpose", {{"perm", Ints{0, 3, 1, 2}}}).in({2, 3, 5, 4});
  list.op("transpose", {{"perm", Ints{3, 1, 0, 2}}}).in({2, 3, 1, 4});
}

void join_cases(Cases& list) {
  list.op("concat", {{"axis", 1}}).in({2, 3}).in({2, 5}).types(kAllTypes);
  list.op("concat", {{"axis", -1}}).in({2, 3, 4}).in({2, 3, 1}).in({2, 3, 2});
  list.op("concat", {{"axis", 0}}).in({2, 3}).in({0, 3}).in({4, 3}).types(kAllTypes);
  list.op("concat", {{"axis", 0}}).in({5});
  list.op("concat", {{"axis", 1}}).in({40, 37, 2}).in({40, 1, 2}).types(kAllTypes);
  list.op("stack", {{"axis", 0}}).in({2, 3}).in({2, 3}).types(kAllTypes);
  list.op("stack", {{"axis", -1}}).in({2, 3}).in({2, 3}).in({2, 3});
  list.op("stack", {{"axis", 1}}).in({2, 3}).in({2, 3});
  list.op("stack", {{"axis", 0}}).in({}).in({});
}

void split_cases(Cases& list) {
  list.op("split", {{"axis", 1}, {"sizes", Ints{2, 1, 4}}}).in({3, 7}).types(kAllTypes);
  list.op("split", {{"axis", -1}, {"sizes", Ints{3, 0, 3}}}).in({2, 4, 6});
  list.op("split", {{"axis", 0}, {"sizes", Ints{2, 3}}}).in({5, 2}).closed();
  list.op("split", {{"axis", 0}, {"sizes", Ints{0}}}).in({0, 2}).closed();
  list.op("split_like", {{"axis", 0}}).in({5, 3}).in({2, 3}).in({3, 3}).types(kAllTypes);
  list.op("split_like", {{"axis", 1}}).in({2, 5}).in({2, 4}).in({2, 1});
}

void repetition_cases(Cases& list) {
  list.op("tile", {{"reps", Ints{2, 3}}}).in({3, 4}).types(kAllTypes);
  list.op("tile", {{"reps", Ints{1, 5, 1}}}).in({3, 1, 4}).types(kAllTypes);
  list.op("tile", {{"reps", Ints{2, 0}}}).in({3, 4});
  list.op("tile", {{"reps", Ints{2, 2}}}).in({0, 4});
  list.op("tile", {{"reps", Ints{2, 1, 2, 3, 1}}}).in({2, 3, 1, 2, 2});
  list.op("tile", {{"reps", Ints{7}}}).in({1}).types(kAllTypes);
  list.op("tile", {{"reps", Ints{}}}).in({});
  list.op("tile").in({3, 4}).in_values(DType::i64, {2}, {2, 1}).constant();
  list.op("tile").in({3, 4}).in_values(DType::i32, {2}, {1, 3});
  list.op("tile_sum").in({6, 4}).in({3, 2}).types(kNumbers);
  list.op("tile_sum").in({3, 8}).in({3, 8});
  list.op("tile_sum").in({3, 50, 9}).in({3, 1, 9}).types(kNumbers);
  list.op("tile_sum").in({0, 4}).in({3, 4});
  list.op("repeat", {{"repeats", 3}, {"axis", 1}}).in({2, 3, 2}).types(kAllTypes);
  list.op("repeat", {{"repeats", 2}, {"axis", 0}}).in({3});
  list.op("repeat", {{"repeats", 4}, {"axis", -1}}).in({5, 7}).types(kAllTypes);
  list.op("repeat", {{"repeats", 2}, {"axis", 0}}).in({0, 3});
  list.op("repeat_sum", {{"repeats", 3}, {"axis", 1}}).in({2, 9, 2}).types(kNumbers);
  list.op("repeat_sum", {{"repeats", 2}, {"axis", -1}}).in({33, 20}).types(kNumbers);
}

}  // namespace

void movement_cases(Cases& list) {
  transpose_cases(list);
  join_cases(list);
  split_cases(list);
  repetition_cases(list);
}

}  // namespace kn::test
