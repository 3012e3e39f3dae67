// A mask of dropout is drawn once where its gradient can see it in the result; no bit changes.
#include <gtest/gtest.h>

#include <algorithm>

#include "graph/gradient.h"
#include "ops/build.h"
#include "passes/pipeline.h"
#include "support/graphs.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

void expect_same_bits(const Graph& before, const Graph& after, const Environment& env) {
  const auto want = evaluate(before.roots(), env), got = evaluate(after.roots(), env);
  ASSERT_EQ(want.size(), got.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(same_bits(got[i], want[i])) << "root " << i;
}

Value dropout(const Value& x, double rate, int64_t seed) {
  return apply("dropout", {x}, {{"rate", rate}, {"seed", seed}});
}

struct Dropped {
  Value x, g;
  Environment env;
  explicit Dropped(DType dtype = DType::f32)
      : x(placeholder({dtype, {40, 7}}, "x")), g(placeholder({dtype, {40, 7}}, "g")) {
    env.feeds[x] = std::make_shared<HostTensor>(uniform(dtype, {40, 7}, -1, 1, 1));
    env.feeds[g] = std::make_shared<HostTensor>(uniform(dtype, {40, 7}, -1, 1, 2));
  }
};

TEST(ReuseMasks, AMaskAfterReluIsDrawnOnce) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Dropped d(dtype);
    const Value z = dropout(apply("relu", {d.x}), 0.3, 5);
    const Value dx = gradients(apply("sum", {ops::mul(z, d.g)}), {d.x})[0];
    const Graph before{{d.x, d.g}, {z, dx}, {}}, after = reuse_masks(before);
    EXPECT_EQ(count(before, "dropout"), 2);
    EXPECT_EQ(count(after, "dropout"), 1);
    expect_same_bits(before, after, d.env);
  }
}

TEST(ReuseMasks, OtherMasksAndActivationsStay) {
  const Dropped d;
  const Value y = apply("relu", {d.x}), z = dropout(y, 0.3, 5);
  const Value other = apply("relu_grad", {dropout(d.g, 0.3, 6), y});
  const Value rate = apply("relu_grad", {dropout(d.g, 0.2, 5), y});
  const Graph graph{{d.x, d.g}, {z, other, rate}, {}};
  EXPECT_EQ(count(reuse_masks(graph), "dropout"), 3);
}

}  // namespace
}  // namespace kn::test
