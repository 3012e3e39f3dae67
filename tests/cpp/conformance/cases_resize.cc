#include "conformance/case.h"

namespace kn::test {

namespace {

const std::vector<DType> kAllTypes = {DType::f32, DType::f64, DType::i32,
                                      DType::i64, DType::u8,  DType::b8};

void method_cases(Cases& list, const std::string& op, bool half_pixel) {
  const auto attrs = [&](std::string name, Ints values) {
    return Attrs{{std::move(name), std::move(values)}, {"half_pixel", half_pixel}};
  };
  list.op(op, attrs("factors", {2, 3})).in({2, 3, 4, 5});
  list.op(op, attrs("factors", {1, 1})).in({1, 3, 4, 2});
  list.op(op, attrs("size", {7, 5})).in({2, 3, 4, 3});
  list.op(op, attrs("size", {2, 1})).in({2, 5, 7, 1});
  list.op(op, attrs("size", {4, 4})).in({0, 2, 2, 3});
  list.op(op, attrs("size", {19, 23})).in({1, 9, 11, 17});
  list.op(op, {{"half_pixel", half_pixel}}).in({2, 3, 2, 2}).in({2, 5, 7, 2});
  list.op(op + "_grad", {{"half_pixel", half_pixel}}).in({2, 5, 7, 2}).in({2, 3, 4, 2});
  list.op(op + "_grad", {{"half_pixel", half_pixel}}).in({1, 2, 3, 19}).in({1, 5, 6, 19});
}

}  // namespace

void resize_cases(Cases& list) {
  for (bool half_pixel : {false, true}) {
    method_cases(list, "resize_nearest", half_pixel);
    method_cases(list, "resize_bilinear", half_pixel);
  }
  list.op("resize_nearest", {{"factors", Ints{2, 2}}}).in({2, 3, 4, 5}).types(kAllTypes);
}

}  // namespace kn::test
