// What zeros make zero.
#include <gtest/gtest.h>

#include "graph/builder.h"
#include "passes/pipeline.h"

namespace kn::test {
namespace {

const TensorType kX{DType::f32, Shape{3, 4}};

bool is_fill(const Value& v) {
  return v && v.node->op->name == "broadcast_to" && v.node->inputs[0].node->op->name == "constant";
}

TEST(Simplify, ProductsAndSumsOfZeros) {
  const Value x = placeholder(kX, "x");
  const Value zeros = simplify(*apply("zeros_like", {x}).node);
  ASSERT_TRUE(is_fill(zeros));
  EXPECT_TRUE(is_fill(simplify(*apply("mul", {x, zeros}).node)));
  EXPECT_TRUE(is_fill(simplify(*apply("mul", {zeros, x}).node)));
  EXPECT_TRUE(is_fill(simplify(*apply("sum", {zeros}, {{"axes", Ints{0}}}).node)));
  EXPECT_EQ(simplify(*apply("add", {x, zeros}).node), x);
}

TEST(Simplify, KeepsOtherProducts) {
  const Value x = placeholder(kX, "x"), y = placeholder(kX, "y");
  EXPECT_FALSE(simplify(*apply("mul", {x, y}).node));
  const Value ones = simplify(*apply("ones_like", {x}).node);
  EXPECT_EQ(simplify(*apply("mul", {x, ones}).node), x);
}

}  // namespace
}  // namespace kn::test
