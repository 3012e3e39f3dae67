#include "base/slice.h"
#include "conformance/case.h"

namespace kn::test {

namespace {

const std::vector<DType> kAllTypes = {DType::f32, DType::f64, DType::i32,
                                      DType::i64, DType::u8,  DType::b8};

Attrs slice(Ints begin, Ints end, Ints strides) {
  return {{"begin", std::move(begin)}, {"end", std::move(end)}, {"strides", std::move(strides)}};
}

Attrs pad(Ints paddings, std::string mode, double value = 0) {
  return {{"paddings", std::move(paddings)}, {"mode", std::move(mode)}, {"value", value}};
}

void slice_cases(Cases& list) {
  const int64_t end = kSliceToEnd;
  list.op("slice", slice({0, 1}, {end, 3}, {1, 1})).in({4, 5}).types(kAllTypes);
  list.op("slice", slice({0, -2}, {end, end}, {1, 1})).in({4, 5});
  list.op("slice", slice({1, 0}, {-1, end}, {1, 2})).in({4, 5}).types(kAllTypes);
  list.op("slice", slice({-1, 3}, {end, 0}, {-1, -2})).in({4, 5}).types(kAllTypes);
  list.op("slice", slice({0, -1}, {end, end}, {1, -1})).in({40, 50}).types(kAllTypes);
  list.op("slice", slice({2, 3}, {1, end}, {1, 1})).in({4, 5});
  list.op("slice", slice({-9, 0}, {100, 1}, {1, 3})).in({4, 5});
  list.op("slice", slice({0, 0, 4}, {end, end, 5}, {1, 1, 1})).in({3, 7, 9}).types(kAllTypes);
  list.op("slice", slice({0, 2, 0}, {end, 3, end}, {1, 1, 1})).in({3, 7, 9}).types(kAllTypes);
  list.op("slice", slice({0}, {end}, {1})).in({0});
  list.op("slice", slice({0, 0}, {end, end}, {1, INT64_MIN})).in({2, 3});
  list.op("slice_grad", slice({0, 1}, {end, end}, {1, 2})).in({4, 2}).in({4, 5});
  list.op("slice_grad", slice({-1, 0}, {0, end}, {-2, 1})).in({2, 5}).in({4, 5}).closed();
  list.op("slice_grad", slice({0, 2, 0}, {end, 3, end}, {1, 1, 1})).in({3, 1, 9}).in({3, 7, 9});
  list.op("slice_grad", slice({0, 3}, {end, 3}, {1, 1})).in({4, 0}).in({4, 5});
}

void pad_cases(Cases& list) {
  list.op("pad", pad({0, 0, 1, 2}, "constant")).in({3, 4}).types(kAllTypes);
  list.op("pad", pad({1, 0, 2, 0}, "constant", 1.5)).in({3, 4}).types(kAllTypes).closed();
  list.op("pad", pad({0, 0, 1, 1, 2, 2, 0, 0}, "constant")).in({2, 3, 4, 5}).types(kAllTypes);
  list.op("pad", pad({0, 2, 0, 0}, "constant", -1)).in({0, 4}).closed();
  list.op("pad", pad({}, "constant")).in({});
  list.op("pad", pad({0, 0, 2, 3}, "reflect")).in({3, 4}).types(kAllTypes);
  list.op("pad", pad({0, 0, 1, 0, 0, 2}, "reflect")).in({2, 3, 4});
  list.op("pad", pad({0, 0, 4, 3}, "symmetric")).in({3, 4}).types(kAllTypes);
  list.op("pad", pad({0, 0, 1, 1, 1, 1, 0, 0}, "symmetric")).in({2, 3, 4, 2});
  list.op("pad_grad", pad({0, 0, 2, 3}, "reflect")).in({3, 9});
  list.op("pad_grad", pad({0, 0, 4, 3}, "symmetric")).in({3, 11});
  list.op("pad_grad", pad({0, 0, 1, 2}, "constant")).in({3, 5});
}

}  // namespace

void slicing_cases(Cases& list) {
  slice_cases(list);
  pad_cases(list);
  list.op("reverse", {{"axes", Ints{1}}}).in({3, 4}).types(kAllTypes);
  list.op("reverse", {{"axes", Ints{0, -1}}}).in({3, 4, 5}).types(kAllTypes);
  list.op("reverse", {{"axes", Ints{1}}}).in({3, 4, 5});
  list.op("reverse", {{"axes", Ints{}}}).in({3});
  list.op("reverse", {{"axes", Ints{0}}}).in({0});
}

}  // namespace kn::test
