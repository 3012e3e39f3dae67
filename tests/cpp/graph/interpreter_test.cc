// The tests' own interpreter, on ops whose results are known by hand.
#include "support/interpreter.h"

namespace kn::test {
namespace {

TEST(Interpreter, RunsNodesWithConcreteShapes) {
  const Value x = placeholder({DType::f32, Shape{kUnknown, 3}}, "x");
  const Value flat = apply("reshape", {x}, {{"shape", Ints{-1}}});
  const Value shape = apply("shape_of", {x});
  Environment env;
  env.feeds[x] = std::make_shared<HostTensor>(uniform(DType::f32, Shape{2, 3}, 0, 1, 1));
  const auto out = evaluate({flat, shape}, env);
  EXPECT_EQ(out[0].shape(), (Shape{6}));
  EXPECT_EQ(numbers(out[0]), numbers(*env.feeds[x]));
  EXPECT_EQ(numbers(out[1]), (std::vector<double>{2, 3}));
}

TEST(Interpreter, ChoosesTheBranchOfThePhase) {
  const Value pick = apply(
      "select_phase", {learning_phase(), constant(1.0, DType::f32), constant(2.0, DType::f32)});
  EXPECT_EQ(evaluate({pick}, {.feeds = {}, .training = true})[0].number_at(0), 1);
  EXPECT_EQ(evaluate({pick}, {.feeds = {}, .training = false})[0].number_at(0), 2);
}

}  // namespace
}  // namespace kn::test
