// Meaning of the elementwise ops: types, messages, gradients against finite differences.
#include <cmath>
#include <functional>

#include "graph/gradient.h"
#include "ops/build.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

Value input(DType dtype, Shape shape) { return placeholder({dtype, shape}, "x"); }

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const ValueError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ElementwiseOps, BroadcastsShapesWithUnknownExtents) {
  const Value a = input(DType::f32, {kUnknown, 1, 4}), b = input(DType::f32, {3, 1});
  EXPECT_EQ(apply("add", {a, b}).shape(), (Shape{kUnknown, 3, 4}));
  EXPECT_EQ(apply("less", {a, b}).dtype(), DType::b8);
  EXPECT_EQ(apply("broadcast_to", {b}, {{"shape", Ints{2, 3, 4}}}).shape(), (Shape{2, 3, 4}));
  const Value wide = input(DType::f32, {kUnknown, 3, 4});
  EXPECT_EQ(apply("broadcast_like", {b, wide}).shape(), (Shape{kUnknown, 3, 4}));
}

TEST(ElementwiseOps, SayWhatTheyExpected) {
  const Value f = input(DType::f32, {2, 3}), i = input(DType::i32, {2, 3});
  EXPECT_EQ(message_of([&] { apply("add", {f, i}); }),
            "[add] expected operands of one dtype; got float32(2, 3) and int32(2, 3)");
  EXPECT_EQ(message_of([&] { apply("exp", {i}); }),
            "[exp] expected a float dtype; got int32(2, 3)");
  EXPECT_EQ(message_of([&] { apply("mul", {f, input(DType::f32, {4})}); }),
            "[mul] expected shapes that broadcast together; got (2, 3) and (4,)");
  EXPECT_EQ(message_of([&] { apply("broadcast_to", {f}, {{"shape", Ints{3}}}); }),
            "[broadcast_to] expected a shape that broadcasts to (3,); got (2, 3)");
  EXPECT_EQ(message_of([&] { apply("where", {f, f, f}); }),
            "[where] expected a bool condition; got float32(2, 3)");
}

TEST(ElementwiseOps, ReferenceKnowsSomeValuesByHand) {
  const Value x = input(DType::f64, {4});
  Environment env;
  env.feeds[x] = std::make_shared<HostTensor>(tensor(DType::f64, {4}, {-2, -0.5, 0, 3}));
  auto run = [&](const char* op, Attrs attrs = {}) {
    return numbers(evaluate({apply(op, {x}, std::move(attrs))}, env)[0]);
  };
  using Numbers = std::vector<double>;
  EXPECT_EQ(run("relu"), (Numbers{0, 0, 0, 3}));
  EXPECT_EQ(run("clip", {{"min", -1.0}, {"max", 1.0}}), (Numbers{-1, -0.5, 0, 1}));
  EXPECT_EQ(run("sign"), (Numbers{-1, -1, 0, 1}));
  EXPECT_EQ(run("round"), (Numbers{-2, 0, 0, 3}));
  EXPECT_EQ(run("hard_sigmoid"), (Numbers{0.2 * -2 + 0.5, 0.4, 0.5, 1}));
  EXPECT_EQ(run("full_like", {{"value", 7.0}}), (Numbers{7, 7, 7, 7}));
  EXPECT_EQ(run("cast", {{"dtype", std::string("int32")}}), (Numbers{-2, 0, 0, 3}));
  EXPECT_EQ(run("cast", {{"dtype", std::string("bool")}}), (Numbers{1, 1, 0, 1}));
}

struct GradientCase {
  const char* op;
  double low, high;  // of the operands: away from kinks and poles
  Attrs attrs = {};
};

const GradientCase kGradientCases[] = {
    {"neg", -2, 2},
    {"abs", 0.1, 2},
    {"square", -2, 2},
    {"sqrt", 0.5, 2},
    {"rsqrt", 0.5, 2},
    {"reciprocal", 0.5, 2},
    {"exp", -2, 2},
    {"expm1", -2, 2},
    {"log", 0.5, 2},
    {"log1p", -0.5, 2},
    {"sin", -3, 3},
    {"cos", -3, 3},
    {"tan", -1, 1},
    {"tanh", -2, 2},
    {"sinh", -2, 2},
    {"cosh", -2, 2},
    {"asin", -0.8, 0.8},
    {"acos", -0.8, 0.8},
    {"atan", -2, 2},
    {"erf", -2, 2},
    {"sigmoid", -3, 3},
    {"hard_sigmoid", -2, 2},
    {"relu", 0.1, 2},
    {"relu", -2, -0.1},
    {"leaky_relu", -2, -0.1, {{"alpha", 0.2}}},
    {"elu", -2, -0.1, {{"alpha", 0.7}}},
    {"elu", 0.1, 2},
    {"selu", -2, -0.1},
    {"selu", 0.1, 2},
    {"softplus", -3, 3},
    {"softsign", 0.1, 2},
    {"softsign", -2, -0.1},
    {"clip", -1, 1, {{"min", -2.0}, {"max", 2.0}}},
    {"clip", 3, 4, {{"min", -2.0}, {"max", 2.0}}},
    {"add", -2, 2},
    {"sub", -2, 2},
    {"mul", -2, 2},
    {"div", 0.5, 2},
    {"pow", 0.5, 2},
    {"maximum", -2, 2},
    {"minimum", -2, 2},
    {"atan2", 0.5, 2},
    {"squared_difference", -2, 2},
};

// d/dx of sum(f(x)·w) for first gradients; the gradient itself is taken as f for second ones.
class Gradients : public ::testing::TestWithParam<GradientCase> {
 protected:
  static Value apply_case(const std::vector<Value>& x) {
    return apply(GetParam().op, x, GetParam().attrs);
  }
  static double total(const Value& v, const Environment& env) {
    double sum = 0;
    for (double x : numbers(evaluate({v}, env)[0])) sum += x;
    return sum;
  }
  static void check(const Value& f, const std::vector<Value>& xs, Environment env) {
    const auto grads = gradients(f, xs);
    for (size_t k = 0; k < xs.size(); ++k) {
      if (!grads[k]) continue;  // checked by the caller where it must exist
      const HostTensor got = evaluate({grads[k]}, env)[0];
      for (Dim i = 0; i < xs[k].shape().elements(); ++i) {
        constexpr double h = 1e-5;
        const HostTensorPtr original = env.feeds[xs[k]];
        double side[2];
        for (int s : {0, 1}) {
          auto moved = std::make_shared<HostTensor>(*original);
          moved->as<double>()[i] += s ? h : -h;
          env.feeds[xs[k]] = moved;
          side[s] = total(f, env);
        }
        env.feeds[xs[k]] = original;
        const double want = (side[1] - side[0]) / (2 * h);
        EXPECT_NEAR(got.number_at(i), want, 1e-6 * (1 + std::abs(want))) << "input " << k;
      }
    }
  }
};

TEST_P(Gradients, MatchFiniteDifferences) {
  const GradientCase& c = GetParam();
  std::vector<Value> xs = {input(DType::f64, {2, 3})};
  if (find_op(c.op)->min_inputs == 2) xs.push_back(input(DType::f64, {2, 3}));
  Environment env;
  for (size_t i = 0; i < xs.size(); ++i)
    env.feeds[xs[i]] =
        std::make_shared<HostTensor>(uniform(DType::f64, {2, 3}, c.low, c.high, 7 + i));
  const Value w = constant(std::make_shared<HostTensor>(uniform(DType::f64, {2, 3}, 0.5, 1.5, 3)));
  const Value f = ops::mul(apply_case(xs), w);
  const auto first = gradients(f, xs);
  for (const Value& g : first) ASSERT_TRUE(g);
  check(f, xs, env);
  for (const Value& g : first) check(ops::mul(g, w), xs, env);
}

INSTANTIATE_TEST_SUITE_P(Ops, Gradients, ::testing::ValuesIn(kGradientCases), [](const auto& info) {
  return std::string(info.param.op) + "_" + std::to_string(info.index);
});

}  // namespace
}  // namespace kn::test
