#include "graph/builder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/printer.h"
#include "graph/verifier.h"

namespace kn {
namespace {

template <class Error, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "expected an error";
  return {};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Value matrix(Dim rows, Dim columns) { return placeholder({DType::f32, {rows, columns}}, "x"); }

TEST(Builder, ErrorsNameOpShapesAndLayer) {
  const Value a = matrix(kUnknown, 3), b = matrix(4, 5);
  LayerScope outer("model");
  LayerScope scope("dense_7");
  const std::string text = message_of<ValueError>([&] { apply("matmul", {a, b}); });
  for (const char* part : {"[matmul]", "(None, 3)", "(4, 5)", "dense_7"})
    EXPECT_TRUE(contains(text, part)) << text;
}

TEST(Builder, LayerScopesNest) {
  EXPECT_EQ(LayerScope::current(), "");
  LayerScope a("a");
  {
    LayerScope b("b");
    EXPECT_EQ(apply("neg", {matrix(1, 1)}).node->layer, "b");
  }
  EXPECT_EQ(apply("neg", {matrix(1, 1)}).node->layer, "a");
}

TEST(Builder, RefusesUnknownOpsAndWrongCounts) {
  EXPECT_TRUE(contains(message_of<ValueError>([] { apply("bogus", {}); }), "bogus"));
  EXPECT_TRUE(contains(message_of<ValueError>([] { apply("neg", {}); }), "inputs"));
  EXPECT_THROW(apply("neg", {Value{}}), ValueError);
}

TEST(Builder, AttributesAreChecked) {
  const Value x = matrix(2, 3);
  EXPECT_THROW(apply("expand_dims", {x}, {{"axis", int64_t{9}}}), ValueError);
  EXPECT_THROW(apply("expand_dims", {x}, {}), TypeError);
  EXPECT_THROW(apply("expand_dims", {x}, {{"axis", std::string("one")}}), TypeError);
}

TEST(KnownInts, FollowShapesThroughArithmetic) {
  const Value shape = apply("shape_of", {matrix(kUnknown, 6)});
  auto known = known_ints(shape);
  ASSERT_TRUE(known.known);
  EXPECT_EQ(known.values, (std::vector<int64_t>{kUnknownInt, 6}));
  known = known_ints(apply("mul", {shape, constant_ints({2, 2})}));
  EXPECT_EQ(known.values, (std::vector<int64_t>{kUnknownInt, 12}));
  known = known_ints(apply("concat", {shape, constant_ints({-7})}, {{"axis", int64_t{0}}}));
  EXPECT_EQ(known.values, (std::vector<int64_t>{kUnknownInt, 6, -7}));
  const Value last =
      apply("slice", {shape}, {{"begin", Ints{1}}, {"end", Ints{2}}, {"strides", Ints{1}}});
  EXPECT_EQ(known_ints(last).values, (std::vector<int64_t>{6}));
  EXPECT_FALSE(known_ints(placeholder({DType::i64, {2}}, "n")).known);
}

// Floor division and modulo as Python has them.
TEST(KnownInts, DivideAsPythonDoes) {
  const Value a = constant_ints({-7, 7, -8}), b = constant_ints({2, -2, 4});
  EXPECT_EQ(known_ints(apply("floordiv", {a, b})).values, (std::vector<int64_t>{-4, -4, -2}));
  EXPECT_EQ(known_ints(apply("mod", {a, b})).values, (std::vector<int64_t>{1, -1, 0}));
}

TEST(Printer, WritesALinePerNode) {
  LayerScope scope("dense_1");
  const Value y = apply("neg", {matrix(kUnknown, 3)});
  const std::string text = print({y});
  EXPECT_TRUE(contains(text, "%1 = neg(%0) float32(None, 3)  ; dense_1\n")) << text;
  EXPECT_TRUE(contains(text, "return %1")) << text;
}

TEST(Verifier, NoticesAStoredTypeThatIsNotTheInferredOne) {
  const Value y = apply("neg", {matrix(2, 3)});
  EXPECT_NO_THROW(verify({y}, "test"));
  const_cast<Node&>(*y.node).outputs[0].shape[0] = 5;
  EXPECT_TRUE(contains(message_of<RuntimeError>([&] { verify({y}, "some pass"); }), "some pass"));
}

}  // namespace
}  // namespace kn
