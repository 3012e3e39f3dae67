#include "runtime/variable.h"

#include <thread>

#include "base/error.h"
#include "support/tensors.h"

namespace kn::test {
namespace {

TEST(Variable, ReadsWhatWasWritten) {
  Variable v(tensor(DType::f32, {2, 2}, {1, 2, 3, 4}), "w");
  EXPECT_EQ(numbers(v.read()), (std::vector<double>{1, 2, 3, 4}));
  v.write(tensor(DType::f32, {2, 2}, {5, 6, 7, 8}));
  EXPECT_EQ(numbers(v.read()), (std::vector<double>{5, 6, 7, 8}));
}

TEST(Variable, RefusesAnotherShapeOrDtype) {
  Variable v(filled(DType::f32, {2, 2}, 0), "w");
  EXPECT_THROW(v.write(filled(DType::f32, {4}, 0)), ValueError);
  EXPECT_THROW(v.write(filled(DType::f64, {2, 2}, 0)), ValueError);
}

TEST(Variable, TakesItsValueInParts) {
  Variable v({DType::f64, {2, 3}}, nullptr, "w");
  const double values[] = {1, 2, 3, 4, 5, 6};
  v.write_part(2, {DType::f64, {4}}, values + 2);
  v.write_part(0, {DType::f64, {2}}, values);
  v.write_part(6, {DType::f64, {0}}, values);
  EXPECT_EQ(numbers(v.read()), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_THROW(v.write_part(5, {DType::f64, {2}}, values), ValueError);
  EXPECT_THROW(v.write_part(-1, {DType::f64, {2}}, values), ValueError);
  EXPECT_THROW(v.write_part(0, {DType::f32, {2}}, values), ValueError);
}

TEST(Variable, SlabKeepsValuesInOrderAt64ByteBoundaries) {
  std::vector<std::shared_ptr<Variable>> all;
  for (Dim n : {3, 0, 16, 17, 1})
    all.push_back(std::make_shared<Variable>(uniform(DType::f32, {n}, -1, 1, 7 + n), "v"));
  std::vector<HostTensor> before;
  for (const auto& v : all) before.push_back(v->read());
  const uint64_t epoch = storage_epoch();
  lay_out_together(all);
  EXPECT_GT(storage_epoch(), epoch);

  const char* at = static_cast<const char*>(all[0]->data());
  const std::vector<ptrdiff_t> offsets = {0, 64, 64, 128, 256};
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_TRUE(same_bits(all[i]->read(), before[i])) << i;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(all[i]->data()) % 64, 0u) << i;
    EXPECT_EQ(static_cast<const char*>(all[i]->data()) - at, offsets[i]) << i;
  }
}

TEST(Variable, SlabOutlivesTheOtherVariables) {
  auto a = std::make_shared<Variable>(filled(DType::f64, {100}, 1), "a");
  auto b = std::make_shared<Variable>(filled(DType::f64, {100}, 2), "b");
  lay_out_together({a, b});
  a.reset();
  EXPECT_EQ(b->read().number_at(99), 2);
  lay_out_together({b});
  EXPECT_EQ(b->read().number_at(99), 2);
}

}  // namespace
}  // namespace kn::test
