// What the pass folds into a convolution, and what it must leave alone.
#include "cpu/families.h"
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

const TensorType kX{DType::f32, Shape{2, 5, 6, 3}}, kW{DType::f32, Shape{3, 3, 3, 4}};
const TensorType kB{DType::f32, Shape{4}};

class FuseConv : public ::testing::Test {
 protected:
  Value x = placeholder(kX, "x"), w = placeholder(kW, "w"), b = placeholder(kB, "b");

  Value conv() const { return apply("conv", {x, w}, {{"padding", std::string("same")}}); }

  // The graph of `outputs` after the pass, which must compute the same.
  std::vector<Value> fused(const std::vector<Value>& outputs) {
    Graph graph;
    graph.inputs = {x, w, b};
    graph.outputs = outputs;
    const Graph result = fuse_conv(graph);
    Environment environment;
    for (const Value& v : graph.inputs)
      environment.feeds[v] =
          std::make_shared<HostTensor>(uniform(v.dtype(), v.shape(), -1, 1, v.node->id));
    const auto want = evaluate(outputs, environment), got = evaluate(result.outputs, environment);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(close(got[i], want[i], {1e-5, 1e-6}));
    return result.outputs;
  }
};

TEST_F(FuseConv, BiasAndActivation) {
  for (const char* activation : {"relu", "tanh", "sigmoid"}) {
    const Value f = fused({apply(activation, {apply("add", {conv(), b})})})[0];
    EXPECT_EQ(f.node->op->name, "conv");
    EXPECT_EQ(f.node->inputs.size(), 3u);
    EXPECT_EQ(f.node->attrs.text("activation", ""), activation);
  }
}

TEST_F(FuseConv, BiasOfHigherRankOnTheLeft) {
  const Value row = apply("reshape", {b}, {{"shape", Ints{1, 1, 1, 4}}});
  const Value f = fused({apply("add", {row, conv()})})[0];
  EXPECT_EQ(f.node->op->name, "conv");
  EXPECT_EQ(f.node->inputs.size(), 3u);
}

TEST_F(FuseConv, ActivationWithoutBias) {
  const Value f = fused({apply("relu", {conv()})})[0];
  EXPECT_EQ(f.node->op->name, "conv");
  EXPECT_EQ(f.node->inputs.size(), 2u);
}

TEST_F(FuseConv, KeepsWhatOthersRead) {
  const Value y = conv();
  const auto both = fused({y, apply("relu", {y})});
  EXPECT_EQ(both[0].node->attrs.text("activation", ""), "");
  EXPECT_EQ(both[1].node->op->name, "relu");
}

TEST_F(FuseConv, GradientOfReluBeforePooling) {
  const Attrs window{{"window", Ints{2, 2}}, {"strides", Ints{2, 2}}};
  const Value y = apply("relu", {x}), dy = apply("exp", {apply("max_pool", {y}, window)});
  const Value back = apply("max_pool_data", {y, dy}, window);
  const Value f = fused({apply("relu_grad", {back, y})})[0];
  EXPECT_EQ(f.node->op->name, "max_pool_data");
  EXPECT_TRUE(f.node->attrs.flag("relu", false));
  EXPECT_EQ(fused({apply("relu_grad", {back, x})})[0].node->op->name, "relu_grad");
}

TEST_F(FuseConv, GradientOfReluBeforeConvolution) {
  const Value y = apply("relu", {x}), dy = conv();
  const Value back = apply("conv_data", {dy, w, x}, {{"padding", std::string("same")}});
  const Value f = fused({apply("relu_grad", {back, y})})[0];
  EXPECT_EQ(f.node->op->name, "conv_data");
  EXPECT_TRUE(f.node->attrs.flag("relu", false));
  EXPECT_EQ(f.node->inputs[2].node->op->name, "relu");
}

TEST_F(FuseConv, KeepsWhatIsNoBias) {
  EXPECT_EQ(fused({apply("add", {conv(), conv()})})[0].node->op->name, "add");
  EXPECT_EQ(fused({apply("neg", {apply("add", {conv(), b})})})[0].node->op->name, "neg");
}

}  // namespace
}  // namespace kn::test
