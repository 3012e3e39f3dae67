// Indexing kernels at large sizes, with indices that name nothing, ties and numbers that are none.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/fast_kernels.h"

namespace kn::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

const DType kIndexTypes[] = {DType::i32, DType::i64, DType::u8};

TEST(Gather, RowsOfEveryWidthAndIndexType) {
  for (DType index : kIndexTypes)
    for (DType dtype : {DType::f32, DType::f64, DType::u8, DType::f16})
      for (Dim width : {1, 2, 3, 4, 7, 8, 16, 33, 64}) {
        HostTensor params(TensorType{dtype, {40, width}});
        for (size_t i = 0; i < params.bytes(); ++i)
          params.as<unsigned char>()[i] = static_cast<unsigned char>(i * 37 + 11);
        const HostTensor indices = uniform(index, {5, 13}, -3, 43, 7);
        expect_reference_bits(
            {"gather", {{"axis", 0}}, {&params, &indices}, {{dtype, {5, 13, width}}}});
      }
}

TEST(Gather, AnyAxisOnManyThreads) {
  const HostTensor params = uniform(DType::f32, {60, 70, 80}, -1, 1, 1);
  const HostTensor indices = uniform(DType::i64, {90}, -2, 82, 2);
  const Shape shapes[] = {{90, 70, 80}, {60, 90, 80}, {60, 70, 90}};
  for (int64_t axis : {0, 1, 2})
    expect_reference_bits(
        {"gather", {{"axis", axis}}, {&params, &indices}, {{DType::f32, shapes[axis]}}});
}

TEST(Gather, WildIndicesReadZeros) {
  const HostTensor params = filled(DType::f32, {4, 8}, 1);
  HostTensor indices(TensorType{DType::i64, {6}});
  const int64_t wild[] = {-1, 4, INT64_MIN, INT64_MAX, INT64_MIN / 8, INT64_MAX / 32};
  std::copy(wild, wild + 6, indices.as<int64_t>());
  const Attrs axis0 = {{"axis", 0}};
  const KernelCall call{"gather", axis0, {&params, &indices}, {{DType::f32, {6, 8}}}};
  EXPECT_TRUE(run_reference(call)[0].filled_with(0));
  expect_reference_bits(call);
  const HostTensor updates = filled(DType::f32, {6, 8}, 1);
  const KernelCall back{
      "scatter_add", axis0, {&params, &indices, &updates}, {{DType::f32, {4, 8}}}};
  EXPECT_TRUE(run_reference(back)[0].filled_with(0));
  expect_reference_bits(back);
}

// Long rows, many rows and many slices are shared between threads in three different ways.
TEST(ScatterAdd, SameBitsForAnyThreads) {
  struct Size {
    Shape ref;
    int64_t axis;
    Dim n;
  };
  for (const Size& s :
       {Size{{5000, 16}, 0, 9000}, Size{{50, 2000}, 0, 300}, Size{{30000}, 0, 70000},
        Size{{40, 60, 33}, 1, 200}, Size{{1, 3000}, 1, 20000}})
    for (DType dtype : {DType::f32, DType::f64, DType::i32, DType::i64}) {
      const HostTensor ref = filled(dtype, s.ref, 0);
      Shape shape = s.ref;
      shape[static_cast<int>(s.axis)] = s.n;
      const double rows = static_cast<double>(s.ref[static_cast<int>(s.axis)]);
      const HostTensor indices = uniform(DType::i32, {s.n}, -2, rows + 1, 3);
      const HostTensor updates = uniform(dtype, shape, -5, 5, 4);
      expect_reference_bits(
          {"scatter_add", {{"axis", s.axis}}, {&ref, &indices, &updates}, {{dtype, s.ref}}});
    }
}

TEST(Along, TakeAndPutInAnyAxis) {
  for (DType dtype : {DType::f32, DType::f64, DType::i32, DType::i64})
    for (int64_t axis : {0, 1, 2}) {
      Shape shape{20, 30, 40};
      const HostTensor x = uniform(dtype, shape, -5, 5, 1);
      shape[static_cast<int>(axis)] = 50;
      const HostTensor indices = uniform(DType::i64, shape, -1, 41, 2);
      const HostTensor updates = uniform(dtype, shape, -5, 5, 3);
      expect_reference_bits({"take_along", {{"axis", axis}}, {&x, &indices}, {{dtype, shape}}});
      expect_reference_bits(
          {"put_along", {{"axis", axis}}, {&x, &indices, &updates}, {{dtype, {20, 30, 40}}}});
    }
}

TEST(OneHot, EveryTypeOnManyThreads) {
  for (DType index : kIndexTypes)
    for (DType dtype : {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8, DType::b8}) {
      const HostTensor indices = uniform(index, {300, 7}, -1, 101, 2);
      expect_reference_bits({"one_hot", {{"depth", 100}}, {&indices}, {{dtype, {300, 7, 100}}}});
    }
}

KernelCall top_k(const HostTensor& x, const Attrs& attrs) {
  Shape out = x.shape();
  out[out.rank() - 1] = attrs.integer("k");
  return {"top_k", attrs, {&x}, {{x.dtype(), out}, {DType::i32, out}}};
}

TEST(TopK, TiesInfinitiesAndNan) {
  const HostTensor x =
      tensor(DType::f32, {2, 6}, {1, kNan, 3, 3, -kInf, kNan, kInf, 0, -0.0, 0, kInf, -1});
  for (int64_t k : {1, 2, 4, 6}) {
    const Attrs attrs = {{"k", k}};
    expect_reference_bits(top_k(x, attrs));
  }
  const Attrs all = {{"k", 6}};
  EXPECT_EQ(numbers(run_reference(top_k(x, all))[1]),
            (std::vector<double>{1, 5, 2, 3, 0, 4, 0, 4, 1, 2, 3, 5}));
}

TEST(TopK, FewAndManyOfManyRows) {
  for (DType dtype : {DType::f32, DType::f64, DType::i32, DType::i64})
    for (int64_t k : {1, 5, 16, 17, 100, 400}) {
      const HostTensor x = uniform(dtype, {300, 400}, -50, 50, 9);
      const Attrs attrs = {{"k", k}};
      expect_reference_bits(top_k(x, attrs));
    }
}

TEST(InTopK, AsTensorFlowSays) {
  const HostTensor x =
      tensor(DType::f32, {6, 3}, {1, 2, 2, 1, 2, 2, 3, 1, kNan, 1, kInf, 0, 1, 2, 3, 1, 2, 3});
  const HostTensor targets = tensor(DType::i32, {6}, {1, 0, 0, 0, -1, 3});
  const Attrs attrs = {{"k", 1}};
  const KernelCall call{"in_top_k", attrs, {&x, &targets}, {{DType::b8, {6}}}};
  EXPECT_EQ(numbers(run_reference(call)[0]), (std::vector<double>{1, 0, 0, 0, 0, 0}));
  expect_reference_bits(call);
}

TEST(InTopK, ManyClasses) {
  for (DType dtype : {DType::f32, DType::f64}) {
    const HostTensor x = uniform(dtype, {200, 333}, 0, 1, 5);
    const HostTensor targets = uniform(DType::i64, {200}, -1, 334, 6);
    for (int64_t k : {1, 5, 100})
      expect_reference_bits({"in_top_k", {{"k", k}}, {&x, &targets}, {{DType::b8, {200}}}});
  }
}

}  // namespace
}  // namespace kn::test
