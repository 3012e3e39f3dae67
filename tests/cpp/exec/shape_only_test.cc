// Inputs that an op asks for their shape alone are neither computed nor kept.
#include "graph/gradient.h"
#include "support/function.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

TEST(ShapeOnly, TheForwardPassOfALinearOpIsNotComputed) {
  const Value x = placeholder({DType::f64, {kUnknown, 4}}, "x");
  const Value parts = apply("concat", {apply("exp", {x}), apply("sin", {x})}, {{"axis", 0}});
  const Value part =
      apply("slice", {parts},
            {{"begin", Ints{1, 0}}, {"end", Ints{INT64_MAX, INT64_MAX}}, {"strides", Ints{2, 1}}});
  const Value tiled = apply("tile", {part}, {{"reps", Ints{3, 1}}});
  const Value gradient = gradients(apply("sum", {tiled}), {x})[0];
  Function function({{x}, {gradient}, {}});
  const HostTensor fed = uniform(DType::f64, {3, 4}, -1, 1, 1);
  Environment env;
  env.feeds[x] = std::make_shared<HostTensor>(fed);
  EXPECT_TRUE(close(function({fed})[0], evaluate({gradient}, env)[0], {1e-12, 1e-12}));
  const std::string plan = function.plan_for({fed})->plan().text();
  EXPECT_NE(plan.find("slice_grad["), std::string::npos) << plan;
  for (const char* dead : {"= concat[", "= slice[", "= tile["})
    EXPECT_EQ(plan.find(dead), std::string::npos) << plan;
}

}  // namespace
}  // namespace kn::test
