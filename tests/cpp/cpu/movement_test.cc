// Movement kernels at the sizes where their loops change: tiles, strips, shared rows, widened
// elements. The conformance list covers their meaning.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/slice.h"
#include "support/fast_kernels.h"

namespace kn::test {
namespace {

// Any bytes: numbers of 2 bytes hold every pattern of float16 and bfloat16 alike.
HostTensor bytes(DType dtype, const Shape& shape) {
  HostTensor t(TensorType{dtype, shape});
  auto* data = static_cast<unsigned char*>(t.data());
  uint32_t state = 12345;
  for (size_t i = 0; i < t.bytes(); ++i) {
    state = state * 1664525u + 1013904223u;
    data[i] = static_cast<unsigned char>(dtype == DType::b8 ? state >> 31 : state >> 24);
  }
  return t;
}

const DType kTypes[] = {DType::f32, DType::f64, DType::u8, DType::f16, DType::bf16, DType::b8};

void check_transpose(const Shape& shape, const Ints& perm, DType dtype) {
  const HostTensor x = bytes(dtype, shape);
  Shape out;
  for (int64_t axis : perm) out.push_back(shape[static_cast<int>(axis)]);
  const Attrs attrs = {{"perm", perm}};
  SCOPED_TRACE(concat_text(shape, " ", attrs, " ", name_of(dtype)));
  expect_reference_bits({"transpose", attrs, {&x}, {{dtype, out}}});
}

TEST(Transpose, EverySizeAroundTheTiles) {
  for (DType dtype : kTypes)
    for (Dim rows : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 33, 64, 65})
      for (Dim columns : {1, 2, 3, 5, 8, 16, 31, 63, 64, 65, 130})
        check_transpose({rows, columns}, {1, 0}, dtype);
}

TEST(Transpose, EveryPermutationOfFourAxes) {
  Ints perm = {0, 1, 2, 3};
  do {
    for (const Shape& shape : {Shape{3, 4, 5, 6}, Shape{2, 1, 17, 8}, Shape{5, 2, 2, 1}})
      for (DType dtype : kTypes) check_transpose(shape, perm, dtype);
  } while (std::next_permutation(perm.begin(), perm.end()));
}

TEST(Transpose, LargeOnesAreSharedByThreads) {
  check_transpose({700, 900}, {1, 0}, DType::f32);
  check_transpose({300, 600}, {1, 0}, DType::f64);
  check_transpose({64, 30, 50}, {1, 0, 2}, DType::f32);
  check_transpose({64, 30, 50}, {2, 0, 1}, DType::f32);
}

TEST(Transpose, EightAxes) {
  check_transpose({2, 3, 1, 2, 3, 2, 1, 2}, {7, 0, 6, 1, 5, 2, 4, 3}, DType::f32);
}

TEST(Join, RowsOfEveryWidth) {
  for (DType dtype : kTypes)
    for (Dim width : {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24, 33, 100}) {
      const HostTensor a = bytes(dtype, {9, width}), b = bytes(dtype, {9, 3});
      expect_reference_bits({"concat", {{"axis", 1}}, {&a, &b}, {{dtype, {9, width + 3}}}});
      const HostTensor c = bytes(dtype, {9, width});
      expect_reference_bits({"stack", {{"axis", 1}}, {&a, &c}, {{dtype, {9, 2, width}}}});
      const HostTensor whole = bytes(dtype, {9, width + 3});
      expect_reference_bits({"split",
                             {{"axis", 1}, {"sizes", Ints{width, 3}}},
                             {&whole},
                             {{dtype, {9, width}}, {dtype, {9, 3}}}});
    }
}

TEST(Join, LargeRowsAreSharedByThreads) {
  const HostTensor a = bytes(DType::f32, {300, 1000}), b = bytes(DType::f32, {17, 1000});
  expect_reference_bits({"concat", {{"axis", 0}}, {&a, &b}, {{DType::f32, {317, 1000}}}});
}

TEST(Repetition, TilesAndRepeats) {
  for (DType dtype : kTypes)
    for (Dim n : {1, 2, 5, 16, 40}) {
      const HostTensor x = bytes(dtype, {3, n, 2});
      expect_reference_bits({"tile", {{"reps", Ints{2, 3, 4}}}, {&x}, {{dtype, {6, 3 * n, 8}}}});
      for (int64_t axis : {0, 1, 2}) {
        Shape out{3, n, 2};
        out[static_cast<int>(axis)] *= 3;
        expect_reference_bits({"repeat", {{"repeats", 3}, {"axis", axis}}, {&x}, {{dtype, out}}});
      }
    }
}

TEST(Repetition, SumsHaveTheBitsOfTheReferenceAndOfAnyThreads) {
  for (DType dtype : {DType::f32, DType::f64, DType::i32, DType::i64}) {
    const HostTensor x = uniform(dtype, {64, 100, 33}, -9, 9, 1),
                     ref = filled(dtype, {64, 1, 33}, 0);
    expect_reference_bits({"tile_sum", {}, {&x, &ref}, {{dtype, {64, 1, 33}}}});
    const HostTensor small = filled(dtype, {32, 50, 11}, 0);
    expect_reference_bits({"tile_sum", {}, {&x, &small}, {{dtype, {32, 50, 11}}}});
    for (int64_t axis : {0, 1}) {
      Shape out{64, 100, 33};
      out[static_cast<int>(axis)] /= 4;
      expect_reference_bits({"repeat_sum", {{"repeats", 4}, {"axis", axis}}, {&x}, {{dtype, out}}});
    }
    expect_reference_bits(
        {"repeat_sum", {{"repeats", 3}, {"axis", 2}}, {&x}, {{dtype, {64, 100, 11}}}});
  }
}

void check_slice(const Shape& shape, const Ints& begin, const Ints& end, const Ints& strides,
                 DType dtype) {
  Shape part;
  for (int i = 0; i < shape.rank(); ++i)
    part.push_back(resolve_slice(begin[i], end[i], strides[i], shape[i]).count);
  const Attrs attrs = {{"begin", begin}, {"end", end}, {"strides", strides}};
  SCOPED_TRACE(concat_text(shape, " ", attrs, " ", name_of(dtype)));
  const HostTensor x = bytes(dtype, shape);
  expect_reference_bits({"slice", attrs, {&x}, {{dtype, part}}});
  if (dtype != DType::f32) return;
  const HostTensor grad = uniform(dtype, part, -1, 1, 3);
  expect_reference_bits({"slice_grad", attrs, {&grad, &x}, {{dtype, shape}}});
}

TEST(Slice, BoundsAndStrides) {
  const int64_t end = kSliceToEnd;
  for (DType dtype : kTypes)
    for (int64_t step : {1, 2, 3, -1, -2, -5, 100, -100})
      for (int64_t from : {0, 1, -1, -3, 50, -50})
        for (int64_t to : {int64_t{0}, int64_t{4}, int64_t{-2}, int64_t{50}, int64_t{-50}, end}) {
          check_slice({3, 10}, {0, from}, {end, to}, {1, step}, dtype);
          check_slice({10, 3}, {from, -1}, {to, end}, {step, -1}, dtype);
        }
}

TEST(Slice, AgreesWithPython) {
  const auto taken = [](int64_t begin, int64_t end, int64_t step, Dim n) {
    std::vector<Dim> indices;
    const SliceAxis axis = resolve_slice(begin, end, step, n);
    for (Dim i = 0; i < axis.count; ++i) indices.push_back(axis.begin + i * axis.step);
    return indices;
  };
  using V = std::vector<Dim>;
  EXPECT_EQ(taken(0, kSliceToEnd, 1, 3), (V{0, 1, 2}));
  EXPECT_EQ(taken(-1, kSliceToEnd, -1, 3), (V{2, 1, 0}));
  EXPECT_EQ(taken(10, -10, -2, 5), (V{4, 2, 0}));
  EXPECT_EQ(taken(-10, 10, 2, 5), (V{0, 2, 4}));
  EXPECT_EQ(taken(1, 1, 1, 3), V{});
  EXPECT_EQ(taken(0, kSliceToEnd, 1, 0), V{});
  EXPECT_EQ(taken(-1, kSliceToEnd, -1, 0), V{});
  EXPECT_EQ(taken(2, kSliceToEnd, INT64_MIN, 3), V{2});
  EXPECT_EQ(taken(INT64_MIN, INT64_MAX - 1, INT64_MAX, 3), V{0});
}

TEST(Pad, EveryTypeAndPlace) {
  for (DType dtype : kTypes)
    for (double value : {0.0, 1.0}) {
      const HostTensor x = bytes(dtype, {5, 4, 3, 2});
      for (const Ints& paddings : {Ints{0, 0, 1, 2, 3, 4, 0, 0}, Ints{1, 0, 0, 0, 0, 0, 0, 3},
                                   Ints{0, 0, 0, 0, 0, 0, 0, 0}, Ints{2, 2, 2, 2, 2, 2, 2, 2}}) {
        Shape out{5, 4, 3, 2};
        for (int i = 0; i < 4; ++i) out[i] += paddings[2 * i] + paddings[2 * i + 1];
        expect_reference_bits(
            {"pad", {{"paddings", paddings}, {"value", value}}, {&x}, {{dtype, out}}});
      }
    }
}

TEST(Pad, ReflectAndSymmetricRepeatTheRightElements) {
  const HostTensor x = tensor(DType::f32, {4}, {1, 2, 3, 4});
  const auto padded = [&](const char* mode) {
    const Attrs attrs = {{"paddings", Ints{3, 2}}, {"mode", std::string(mode)}};
    return numbers(run_reference({"pad", attrs, {&x}, {{DType::f32, {9}}}})[0]);
  };
  EXPECT_EQ(padded("reflect"), (std::vector<double>{4, 3, 2, 1, 2, 3, 4, 3, 2}));
  EXPECT_EQ(padded("symmetric"), (std::vector<double>{3, 2, 1, 1, 2, 3, 4, 4, 3}));
}

TEST(Reverse, EverySetOfAxes) {
  for (DType dtype : kTypes)
    for (const Ints& axes : {Ints{}, Ints{0}, Ints{1}, Ints{2}, Ints{0, 2}, Ints{0, 1, 2}}) {
      const HostTensor x = bytes(dtype, {4, 37, 5});
      expect_reference_bits({"reverse", {{"axes", axes}}, {&x}, {{dtype, {4, 37, 5}}}});
    }
}

TEST(Full, HalfPrecisionIsRoundedToNearest) {
  const auto filled_bits = [](const char* dtype, double value) {
    const Attrs attrs = {{"value", value}, {"dtype", std::string(dtype)}, {"shape", Ints{3}}};
    const KernelCall call{"full", attrs, {}, {{parse_dtype(dtype), {3}}}};
    expect_reference_bits(call);
    return run_reference(call)[0].as<uint16_t>()[2];
  };
  EXPECT_EQ(filled_bits("float16", 0), 0x0000);
  EXPECT_EQ(filled_bits("float16", 1), 0x3C00);
  EXPECT_EQ(filled_bits("float16", -2.5), 0xC100);
  EXPECT_EQ(filled_bits("float16", 65504), 0x7BFF);
  EXPECT_EQ(filled_bits("float16", 1e6), 0x7C00);
  EXPECT_EQ(filled_bits("float16", 0x1p-24), 0x0001);
  EXPECT_EQ(filled_bits("float16", 0x1p-14), 0x0400);
  EXPECT_EQ(filled_bits("float16", 0x1.ff8p-15), 0x03FF);
  EXPECT_EQ(filled_bits("float16", 1 + 0x1p-11), 0x3C00);
  EXPECT_EQ(filled_bits("float16", 1 + 0x1.8p-10), 0x3C02);
  EXPECT_EQ(filled_bits("float16", 0.1), 0x2E66);
  EXPECT_EQ(filled_bits("bfloat16", 1), 0x3F80);
  EXPECT_EQ(filled_bits("bfloat16", 0.1), 0x3DCD);
}

TEST(Resize, LargeImagesOnManyThreads) {
  const HostTensor x = uniform(DType::f32, {3, 40, 50, 8}, -1, 1, 5);
  const Attrs attrs = {{"half_pixel", true}, {"size", Ints{93, 71}}};
  expect_reference_bits({"resize_nearest", attrs, {&x}, {{DType::f32, {3, 93, 71, 8}}}});
  const KernelCall call{"resize_bilinear", attrs, {&x}, {{DType::f32, {3, 93, 71, 8}}}};
  const auto want = run_reference(call);
  for_each_fast_run(call, {}, [&](const auto& got, const std::string& what) {
    EXPECT_TRUE(close(got[0], want[0], {1e-5, 1e-6})) << what;
  });
}

}  // namespace
}  // namespace kn::test
