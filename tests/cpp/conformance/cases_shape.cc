#include "conformance/case.h"

namespace kn::test {

void shape_cases(Cases& list) {
  list.op("shape_of").in({3, 4, 2});
  list.op("shape_of").in({});
  list.op("size_of").in({3, 4, 2});
  list.op("size_of").in({3, 0});
  list.op("identity").in({3, 4});
  list.op("reshape", {{"shape", Ints{-1, 6}}}).in({3, 4});
  list.op("reshape", {{"shape", Ints{12}}}).in({3, 4}).closed();
  list.op("reshape").in({3, 4}).in_values(DType::i64, {2}, {4, 3}).constant().closed();
  list.op("reshape_like").in({3, 4}).in({2, 6});
  list.op("expand_dims", {{"axis", 1}}).in({3, 4});
  list.op("expand_dims", {{"axis", -1}}).in({3, 4});
  list.op("squeeze", {{"axis", 1}}).in({3, 1, 4});
  list.op("ensure_shape", {{"shape", Ints{-1, 4}}}).in({3, 4});
  list.op("select_phase").in_values(DType::b8, {}, {1}).in({3, 4}).in({3, 4});
  // Its gradient is zero by definition, not by differences.
  list.op("stop_gradient").in({3, 4}).no_gradient_here();
}

}  // namespace kn::test
