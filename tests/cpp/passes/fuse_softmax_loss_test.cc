// The pass finds its patterns, leaves what only looks like them, and changes no value.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/gradient.h"
#include "passes/pipeline.h"
#include "support/graphs.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

struct Model {
  Value x = placeholder({DType::f64, {4, 5}}, "x");
  Value target, p, loss, dx;
  Environment env;

  Model(const std::string& op, bool sparse, bool from_logits, int64_t axis = -1) {
    target = sparse ? placeholder({DType::i32, {4}}, "t") : placeholder({DType::f64, {4, 5}}, "t");
    p = apply("softmax", {x}, {{"axis", axis}});
    const Value rows =
        from_logits ? apply(op, {x, target}) : apply(op, {p, target}, {{"epsilon", 0.1}});
    loss = apply("mean", {rows});
    dx = gradients(loss, {x})[0];
    env.feeds[x] = std::make_shared<HostTensor>(uniform(DType::f64, {4, 5}, -3, 3, 1));
    env.feeds[target] = std::make_shared<HostTensor>(sparse ? uniform(DType::i32, {4}, 0, 4, 2)
                                                            : uniform(DType::f64, {4, 5}, 0, 1, 2));
  }
  Graph graph(std::vector<Value> outputs) const { return {{x, target}, std::move(outputs), {}}; }
};

void expect_same_values(const Graph& before, const Graph& after, const Environment& env) {
  const auto want = evaluate(before.outputs, env), got = evaluate(after.outputs, env);
  ASSERT_EQ(want.size(), got.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_TRUE(close(got[i], want[i], {1e-12, 1e-13})) << "output " << i;
}

class Patterns : public ::testing::TestWithParam<bool> {
 protected:
  const bool sparse_ = GetParam();
  std::string named(const std::string& dense, const std::string& sparse) const {
    return sparse_ ? sparse : dense;
  }
};
INSTANTIATE_TEST_SUITE_P(DenseAndSparse, Patterns, ::testing::Bool());

TEST_P(Patterns, FromProbabilities) {
  const std::string op = named("categorical_crossentropy", "sparse_categorical_crossentropy");
  const Model m(op, sparse_, false);
  const Graph before = m.graph({m.p, m.loss, m.dx}), after = fuse_softmax_loss(before);
  EXPECT_EQ(count(after, "softmax"), 0);
  EXPECT_EQ(count(after, "softmax_grad"), 0);
  EXPECT_EQ(count(after, op), 0);
  EXPECT_EQ(count(after, op + "_grad"), 0);
  EXPECT_EQ(count(after, "softmax_" + op), 1);
  EXPECT_EQ(count(after, "softmax_" + op + "_grad"), 1);
  expect_same_values(before, after, m.env);
}

TEST_P(Patterns, FromLogits) {
  const std::string op = named("softmax_cross_entropy", "sparse_softmax_cross_entropy");
  const std::string fused =
      named("softmax_with_cross_entropy", "softmax_with_sparse_cross_entropy");
  const Model m(op, sparse_, true);
  for (const Graph& before :
       {m.graph({m.p, m.loss, m.dx}), m.graph({m.loss, m.dx}), m.graph({m.p, m.loss})}) {
    const Graph after = fuse_softmax_loss(before);
    EXPECT_EQ(count(after, "softmax"), 0);
    EXPECT_EQ(count(after, op), 0);
    EXPECT_EQ(count(after, op + "_grad"), 0);
    EXPECT_EQ(count(after, fused), 1);
    expect_same_values(before, after, m.env);
  }
}

TEST_P(Patterns, ALossAloneStays) {
  const std::string op = named("softmax_cross_entropy", "sparse_softmax_cross_entropy");
  const Model m(op, sparse_, true);
  EXPECT_EQ(count(fuse_softmax_loss(m.graph({m.loss})), op), 1);
}

TEST(FuseSoftmaxLoss, AnotherAxisStays) {
  const Model m("categorical_crossentropy", false, false, 0);
  const Graph before = m.graph({m.p, m.loss, m.dx}), after = fuse_softmax_loss(before);
  EXPECT_EQ(count(after, "softmax"), 1);
  EXPECT_EQ(count(after, "categorical_crossentropy"), 1);
  expect_same_values(before, after, m.env);
}

TEST(FuseSoftmaxLoss, ATargetMadeOfTheSoftmaxStays) {
  const Value x = placeholder({DType::f64, {4, 5}}, "x");
  const Value p = apply("softmax", {x}, {{"axis", -1}});
  const Value target = apply("square", {p});
  const Value loss = apply("categorical_crossentropy", {p, target}, {{"epsilon", 1e-7}});
  const Graph before{{x}, {loss}, {}};
  const Graph after = fuse_softmax_loss(before);
  EXPECT_EQ(count(after, "softmax"), 1);
  EXPECT_EQ(count(after, "categorical_crossentropy"), 1);
}

TEST(FuseSoftmaxLoss, TwoHeadsWhereOneFeedsTheOther) {
  const Value x = placeholder({DType::f64, {3, 4}}, "x"),
              t = placeholder({DType::f64, {3, 4}}, "t");
  const Value p = apply("softmax", {x}, {{"axis", 1}});
  const Value q = apply("softmax", {apply("mul", {p, x})}, {{"axis", 1}});
  const Attrs attrs = {{"epsilon", 1e-7}};
  const Value loss = apply("add", {apply("categorical_crossentropy", {p, t}, attrs),
                                   apply("categorical_crossentropy", {q, t}, attrs)});
  const Graph before{{x, t}, {loss, gradients(loss, {x})[0]}, {}};
  const Graph after = fuse_softmax_loss(before);
  EXPECT_EQ(count(after, "softmax"), 0);
  EXPECT_EQ(count(after, "softmax_categorical_crossentropy"), 2);
  Environment env;
  env.feeds[x] = std::make_shared<HostTensor>(uniform(DType::f64, {3, 4}, -3, 3, 1));
  env.feeds[t] = std::make_shared<HostTensor>(uniform(DType::f64, {3, 4}, 0, 1, 2));
  expect_same_values(before, after, env);
}

TEST(FuseSoftmaxLoss, BinaryBecomesElementwise) {
  const Value x = placeholder({DType::f64, {6}}, "x"), t = placeholder({DType::f64, {6}}, "t");
  const Graph before{{x, t},
                     {apply("binary_crossentropy_logits", {x, t}),
                      apply("binary_crossentropy", {x, t}, {{"epsilon", 0.1}})},
                     {}};
  const Graph after = fuse_softmax_loss(before);
  for (const NodePtr& node : topological_order(after.roots()))
    EXPECT_TRUE(node->op->is(kElementwise) || node->op->is(kSource)) << node->op->name;
  Environment env;
  env.feeds[x] = std::make_shared<HostTensor>(tensor(DType::f64, {6}, {0.3, 0.7, 40, -40, 0, 1}));
  env.feeds[t] = std::make_shared<HostTensor>(tensor(DType::f64, {6}, {0, 1, 1, 0, 0.5, 1}));
  expect_same_values(before, after, env);
}

}  // namespace
}  // namespace kn::test
