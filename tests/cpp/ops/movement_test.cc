// What movement, indexing and random ops infer with unknown extents, and what they refuse.
#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"

namespace kn::test {
namespace {

Value input(Shape shape, DType dtype = DType::f32) { return placeholder({dtype, shape}, "x"); }

Shape shape_of(std::string_view op, std::vector<Value> inputs, Attrs attrs) {
  return apply_all(op, std::move(inputs), std::move(attrs))[0].shape();
}

Attrs slice(Ints begin, Ints end, Ints strides) {
  return {{"begin", std::move(begin)}, {"end", std::move(end)}, {"strides", std::move(strides)}};
}

constexpr int64_t kEnd = INT64_MAX;

TEST(MovementOps, CarryUnknownExtents) {
  const Value x = input({kUnknown, 3, kUnknown});
  EXPECT_EQ(shape_of("transpose", {x}, {{"perm", Ints{2, 0, 1}}}), (Shape{kUnknown, kUnknown, 3}));
  EXPECT_EQ(shape_of("concat", {x, input({2, 3, 5})}, {{"axis", 2}}), (Shape{2, 3, kUnknown}));
  EXPECT_EQ(shape_of("concat", {x, input({2, 3, 5})}, {{"axis", 1}}), (Shape{2, 6, 5}));
  EXPECT_EQ(shape_of("stack", {x, x}, {{"axis", -1}}), (Shape{kUnknown, 3, kUnknown, 2}));
  EXPECT_EQ(shape_of("split", {x}, {{"axis", 0}, {"sizes", Ints{2, 4}}}), (Shape{2, 3, kUnknown}));
  EXPECT_EQ(shape_of("tile", {x}, {{"reps", Ints{2, 2, 2}}}), (Shape{kUnknown, 6, kUnknown}));
  EXPECT_EQ(shape_of("repeat", {x}, {{"axis", 1}, {"repeats", 4}}),
            (Shape{kUnknown, 12, kUnknown}));
  EXPECT_EQ(shape_of("pad", {x}, {{"paddings", Ints{1, 1, 1, 1, 0, 0}}}),
            (Shape{kUnknown, 5, kUnknown}));
  EXPECT_EQ(shape_of("slice", {x}, slice({0, -2, 3}, {kEnd, kEnd, 3}, {1, 1, 1})),
            (Shape{kUnknown, 2, 0}));
}

TEST(MovementOps, TakeShapesFromTensors) {
  const Value x = input({kUnknown, 3});
  const Value shape = apply("shape_of", {x});
  EXPECT_EQ(shape_of("full", {shape}, {{"value", 1}}), (Shape{kUnknown, 3}));
  EXPECT_EQ(shape_of("random_normal", {shape}, {{"seed", 1}}), (Shape{kUnknown, 3}));
  EXPECT_EQ(shape_of("tile", {x, constant_ints({2, 5})}, {}), (Shape{kUnknown, 15}));
  EXPECT_EQ(shape_of("full", {input({2}, DType::i64)}, {{"value", 1}}),
            (Shape{kUnknown, kUnknown}));
}

TEST(MovementOps, RefuseWhatDoesNotFit) {
  const Value x = input({2, 3});
  const auto refuses = [](std::string_view op, std::vector<Value> inputs, Attrs attrs,
                          const std::string& part) {
    try {
      apply_all(op, inputs, attrs);
      ADD_FAILURE() << op << " took " << attrs;
    } catch (const ValueError& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
  };
  refuses("transpose", {x}, {{"perm", Ints{0, 0}}}, "name each axis of (2, 3) once");
  refuses("transpose", {x}, {{"perm", Ints{0}}}, "expected 2 values of 'perm'");
  refuses("concat", {x, input({2, 4})}, {{"axis", 0}}, "agree along axis 1");
  refuses("concat", {x, input({2, 3}, DType::f64)}, {{"axis", 0}}, "one rank and dtype");
  refuses("concat", {x}, {{"axis", 2}}, "axis");
  refuses("split", {x}, {{"axis", 1}, {"sizes", Ints{1, 1}}}, "add up to 3");
  refuses("slice", {x}, slice({0, 0}, {1, 1}, {1, 0}), "strides other than 0");
  refuses("pad", {x}, {{"paddings", Ints{0, 0, 3, 0}}, {"mode", std::string("reflect")}},
          "at most 2 elements of reflect padding");
  refuses("pad", {x}, {{"paddings", Ints{0, 0, -1, 0}}}, "at least 0");
  refuses("tile", {x}, {{"reps", Ints{INT64_MAX, 1}}}, "can be counted");
  refuses("repeat", {x}, {{"axis", 0}, {"repeats", 0}}, "at least 1 repeat");
  refuses("full", {}, {{"shape", Ints{-1}}, {"value", 1}}, "shape of sizes");
  refuses("arange", {}, {{"stop", 3}, {"step", 0.0}}, "step other than 0");
  refuses("resize_nearest", {x}, {{"factors", Ints{2, 2}}}, "images (N, H, W, C)");
}

TEST(IndexOps, InferAndRefuse) {
  const Value params = input({5, kUnknown, 4}), indices = input({kUnknown, 2}, DType::i32);
  EXPECT_EQ(shape_of("gather", {params, indices}, {{"axis", 1}}), (Shape{5, kUnknown, 2, 4}));
  EXPECT_EQ(shape_of("one_hot", {indices}, {{"depth", 7}}), (Shape{kUnknown, 2, 7}));
  EXPECT_EQ(shape_of("top_k", {params}, {{"k", 3}}), (Shape{5, kUnknown, 3}));
  EXPECT_THROW(apply("gather", {params, params}, {{"axis", 1}}), ValueError);
  EXPECT_THROW(apply("gather", {params, indices}, {{"axis", 3}}), ValueError);
  EXPECT_THROW(apply_all("top_k", {params}, {{"k", 5}}), ValueError);
  EXPECT_THROW(apply("in_top_k", {params, indices}, {{"k", 1}}), ValueError);
  EXPECT_THROW(apply("scatter_add", {params, indices, input({5, 1, 3, 4})}, {{"axis", 1}}),
               ValueError);
}

TEST(RandomOps, Refuse) {
  const Value x = input({2, 3});
  EXPECT_THROW(apply("dropout", {x}, {{"rate", 1.0}, {"seed", 1}}), ValueError);
  EXPECT_THROW(apply("dropout", {x}, {{"rate", 0.5}, {"seed", 1}, {"noise_shape", Ints{2, 2}}}),
               ValueError);
  EXPECT_THROW(apply("dropout", {input({2}, DType::i32)}, {{"rate", 0.5}, {"seed", 1}}),
               ValueError);
  const auto draw = [](std::string_view op, Attrs attrs) {
    attrs.set("seed", int64_t{1});
    attrs.set("shape", Ints{2});
    return apply(op, {}, attrs);
  };
  EXPECT_THROW(draw("random_uniform", {{"low", 2}, {"high", 1}}), ValueError);
  EXPECT_THROW(draw("random_uniform", {{"high", 300}, {"dtype", std::string("uint8")}}),
               ValueError);
  EXPECT_THROW(draw("random_normal", {{"stddev", -1}}), ValueError);
  EXPECT_THROW(draw("random_normal", {{"dtype", std::string("int32")}}), ValueError);
  EXPECT_THROW(draw("random_bernoulli", {{"p", 1.5}}), ValueError);
}

}  // namespace
}  // namespace kn::test
