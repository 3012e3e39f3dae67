#include "graph/gradient.h"

#include "base/error.h"
#include "ops/build.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

Value input(const char* name, Shape shape = {}, DType dtype = DType::f64) {
  return placeholder({dtype, shape}, name);
}

double at(const Value& result, const Value& x, double value) {
  Environment env;
  env.feeds[x] = host_scalar(value);
  return evaluate({result}, env)[0].number_at(0);
}

TEST(Gradients, AddUpOverPaths) {
  const Value x = input("x");
  const Value y = ops::add(ops::mul(x, x), ops::mul(ops::mul(x, x), x));  // x² + x³
  const Value first = gradients(y, {x})[0];
  EXPECT_NEAR(at(first, x, 2), 2 * 2 + 3 * 4, 1e-12);
  const Value second = gradients(first, {x})[0];
  EXPECT_NEAR(at(second, x, 2), 2 + 6 * 2, 1e-12);
  const Value third = gradients(second, {x})[0];
  EXPECT_NEAR(at(third, x, 2), 6, 1e-12);
}

TEST(Gradients, AreEmptyWhereNothingDepends) {
  const Value x = input("x"), y = input("y");
  const auto grads = gradients(ops::mul(x, x), {x, y});
  EXPECT_TRUE(grads[0]);
  EXPECT_FALSE(grads[1]);
}

TEST(Gradients, OfAnIntermediateResultAndOfTheLossItself) {
  const Value x = input("x");
  const Value half = ops::scale(x, 0.5), y = ops::mul(half, half);
  EXPECT_NEAR(at(gradients(y, {half})[0], x, 3), 3, 1e-12);
  EXPECT_EQ(at(gradients(y, {y})[0], x, 3), 1);
}

TEST(Gradients, StartFromTheInitialOne) {
  const Value x = input("x");
  const Value grad = gradients(ops::mul(x, x), {x}, constant(10.0, DType::f64))[0];
  EXPECT_NEAR(at(grad, x, 3), 60, 1e-12);
}

TEST(Gradients, StopWhereTold) {
  const Value x = input("x");
  const Value y = ops::mul(x, apply("stop_gradient", {x}));
  EXPECT_NEAR(at(gradients(y, {x})[0], x, 3), 3, 1e-12);
}

TEST(Gradients, FlowThroughTheBranchOfThePhase) {
  const Value x = input("x");
  const Value y = apply("select_phase", {learning_phase(), ops::scale(x, 2), ops::scale(x, 5)});
  const Value grad = gradients(y, {x})[0];
  Environment env;
  env.feeds[x] = host_scalar(1.0);
  EXPECT_EQ(evaluate({grad}, env)[0].number_at(0), 5);
  env.training = true;
  EXPECT_EQ(evaluate({grad}, env)[0].number_at(0), 2);
}

TEST(Gradients, NameTheOpThatHasNone) {
  const Value x = input("x", {4});
  const Value scalar = constant(0.1, DType::f64);
  const Value updated = apply("sgd_update", {x, x, scalar});
  try {
    gradients(updated, {x});
    FAIL() << "no error";
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("sgd_update"), std::string::npos) << error.what();
  }
  EXPECT_THROW(gradients(input("n", {}, DType::i32), {x}), TypeError);
}

// Long chains must overflow no stack: built, sorted, differentiated, freed.
TEST(Gradients, OfAVeryDeepGraph) {
  const Value x = input("x");
  Value y = x;
  for (int i = 0; i < 100000; ++i) y = apply("neg", {y});
  const Value grad = gradients(y, {x})[0];
  EXPECT_GE(topological_order({grad}).size(), 100000u);
}

}  // namespace
}  // namespace kn::test
