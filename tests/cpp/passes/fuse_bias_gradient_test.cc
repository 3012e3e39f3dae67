// The gradient to a bias joins that to the weights; values stay.
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

class FuseBiasGradient : public ::testing::Test {
 protected:
  Value x = placeholder({DType::f32, Shape{2, 5, 6, 3}}, "x");
  Value dy = placeholder({DType::f32, Shape{2, 3, 4, 4}}, "dy");

  Value weights(const Value& images) const {
    return apply("conv_weights", {images, dy}, {{"window", Ints{3, 3}}});
  }
  static Value sum(const Value& v, Ints axes, bool keepdims = false) {
    return apply("sum", {v}, {{"axes", std::move(axes)}, {"keepdims", keepdims}});
  }

  // The graph of `outputs` after the pass, which must compute the same.
  std::vector<Value> fused(const std::vector<Value>& outputs) {
    Graph graph;
    graph.inputs = {x, dy};
    graph.outputs = outputs;
    const Graph result = fuse_bias_gradient(graph);
    Environment environment;
    for (const Value& v : graph.inputs)
      environment.feeds[v] =
          std::make_shared<HostTensor>(uniform(v.dtype(), v.shape(), -1, 1, v.node->id));
    const auto want = evaluate(outputs, environment), got = evaluate(result.outputs, environment);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(close(got[i], want[i], {1e-5, 1e-5}));
    return result.outputs;
  }
};

TEST_F(FuseBiasGradient, OneNodeWhicheverComesFirst) {
  // Both have read x before, as the convolution itself has.
  const Value images = apply("exp", {x}), before = apply("neg", {images});
  const Value dw = weights(images), late = sum(dy, {0, 1, 2});
  const auto after = fused({before, dw, late});
  EXPECT_EQ(after[1].node, after[2].node);
  EXPECT_EQ(after[2].index, 1);
  const Value early = sum(dy, {-2, 0, 1});
  const auto turned = fused({before, early, weights(images)});
  EXPECT_EQ(turned[1].node, turned[2].node);
}

TEST_F(FuseBiasGradient, KeepsOtherSums) {
  for (const Value& other :
       {sum(dy, {0, 1}), sum(dy, {0, 1, 2}, true), sum(x, {0, 1, 2}), sum(dy, {0, 1, 2, 3})})
    EXPECT_EQ(fused({apply("neg", {x}), weights(x), other})[2].node->op->name, "sum");
}

// Where x depends on the sum, there is no order in which one node could give both.
TEST_F(FuseBiasGradient, KeepsWhatDependsOnEachOther) {
  const Value early = sum(dy, {0, 1, 2});
  const Value images = apply("mul", {x, apply("mean", {early}, {})});
  const auto after = fused({early, weights(images)});
  EXPECT_EQ(after[0].node->op->name, "sum");
  EXPECT_EQ(after[1].node->outputs.size(), 1u);
}

}  // namespace
}  // namespace kn::test
