// What the pass folds into a product, and what it must leave alone.
#include "cpu/families.h"
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

const TensorType kX{DType::f32, Shape{3, 4}}, kW{DType::f32, Shape{4, 5}};
const TensorType kB{DType::f32, Shape{5}};

class FuseMatmul : public ::testing::Test {
 protected:
  Value x = placeholder(kX, "x"), w = placeholder(kW, "w"), b = placeholder(kB, "b");

  // The graph of `outputs` after the pass, which must compute the same.
  std::vector<Value> fused(const std::vector<Value>& outputs) {
    Graph graph;
    graph.inputs = {x, w, b};
    graph.outputs = outputs;
    const Graph result = fuse_matmul(graph);
    Environment environment;
    for (const Value& v : graph.inputs)
      environment.feeds[v] =
          std::make_shared<HostTensor>(uniform(v.dtype(), v.shape(), -1, 1, v.node->id));
    const auto want = evaluate(outputs, environment), got = evaluate(result.outputs, environment);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(close(got[i], want[i], {1e-6, 1e-6}));
    return result.outputs;
  }
};

TEST_F(FuseMatmul, BiasAndActivation) {
  for (const char* activation : {"relu", "tanh", "sigmoid"}) {
    const Value y = apply(activation, {apply("add", {apply("matmul", {x, w}), b})});
    const Value f = fused({y})[0];
    EXPECT_EQ(f.node->op->name, "matmul");
    EXPECT_EQ(f.node->inputs.size(), 3u);
    EXPECT_EQ(f.node->attrs.text("activation", ""), activation);
  }
}

TEST_F(FuseMatmul, BiasOnTheLeftAndOfHigherRank) {
  const Value row = apply("expand_dims", {b}, {{"axis", 0}});
  const Value f = fused({apply("add", {row, apply("matmul", {x, w})})})[0];
  EXPECT_EQ(f.node->op->name, "matmul");
  EXPECT_EQ(f.node->inputs.size(), 3u);
}

TEST_F(FuseMatmul, Transposes) {
  const Attrs swap{{"perm", Ints{1, 0}}};
  const Value xt = apply("transpose", {x}, swap), wt = apply("transpose", {w}, swap);
  const Value f = fused({apply("matmul", {wt, xt})})[0];
  EXPECT_TRUE(f.node->attrs.flag("transpose_a"));
  EXPECT_TRUE(f.node->attrs.flag("transpose_b"));
  EXPECT_EQ(f.node->inputs[0], w);
  const Value back = fused({apply("matmul", {xt, w}, {{"transpose_a", true}})})[0];
  EXPECT_FALSE(back.node->attrs.flag("transpose_a"));
}

TEST_F(FuseMatmul, LeavesWhatOthersRead) {
  const Value product = apply("matmul", {x, w});
  const Value sum = apply("add", {product, b}), y = apply("relu", {sum});
  EXPECT_EQ(fused({y, product})[0].node->op->name, "relu");
  EXPECT_EQ(fused({y, sum})[0].node->op->name, "relu");
}

TEST_F(FuseMatmul, LeavesFullMatricesAndColumns) {
  const Value product = apply("matmul", {x, w});
  EXPECT_EQ(fused({apply("add", {product, product})})[0].node->op->name, "add");
  const Value column = constant(std::make_shared<HostTensor>(uniform(DType::f32, {3, 1}, 0, 1, 1)));
  EXPECT_EQ(fused({apply("add", {product, column})})[0].node->op->name, "add");
}

}  // namespace
}  // namespace kn::test
