// Loss, gradient and hits of a head become one node where they belong together, and only then; no
// value changes.
#include <gtest/gtest.h>

#include <algorithm>

#include "cpu/families.h"
#include "exec/evaluate.h"
#include "graph/gradient.h"
#include "ops/build.h"
#include "passes/pipeline.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

constexpr Dim kRows = 6, kClasses = 5;

int count(const Graph& graph, std::string_view part) {
  const auto order = topological_order(graph.roots());
  return static_cast<int>(std::count_if(order.begin(), order.end(), [&](const NodePtr& n) {
    return n->op->name.find(part) != std::string_view::npos;
  }));
}

NodePtr step_of(const Graph& graph) {
  for (const NodePtr& node : topological_order(graph.roots()))
    if (node->op->name.ends_with("_step")) return node;
  return nullptr;
}

// As the pipeline does it: every shape is known, and what follows from shapes is computed.
Graph specialized(const Graph& graph) {
  std::vector<PlanInput> inputs;
  for (const Value& v : graph.inputs) inputs.push_back({v.type(), nullptr});
  const auto compute = [](const Node& node) { return kn::evaluate(node, cpu::kernels()); };
  const auto takes_halves = [](const Node&) { return false; };
  return specialize(graph, inputs, true, {compute, takes_halves});
}

Graph fused(const Graph& graph) { return fuse_loss_step(fuse_softmax_loss(graph)); }

// A head with weighted mean loss and accuracy.
struct Head {
  bool sparse, from_logits;
  Value x = placeholder({DType::f64, {kRows, kClasses}}, "x"), target, p, loss, dx, hits;
  Value weights = placeholder({DType::f64, {kRows}}, "w");
  std::vector<HostTensorPtr> feeds;  // of x, target and weights

  Head(bool sparse_labels, bool logits, bool weighted)
      : sparse(sparse_labels), from_logits(logits) {
    target = sparse ? placeholder({DType::f32, {kRows, 1}}, "t")
                    : placeholder({DType::f64, {kRows, kClasses}}, "t");
    p = apply("softmax", {x}, {{"axis", int64_t{-1}}});
    Value rows = loss_rows(p);
    if (weighted) rows = ops::mul(rows, weights);
    loss = apply("mean", {rows});
    dx = gradients(loss, {x})[0];
    const Value wanted =
        sparse ? ops::cast(apply("squeeze", {target}, {{"axis", int64_t{-1}}}), DType::i64)
               : argmax(target);
    hits = ops::cast(apply("equal", {wanted, argmax(p)}), DType::f64);
    feed(uniform(DType::f64, {kRows, kClasses}, -3, 3, 1));
    if (sparse) feed(tensor(DType::f32, {kRows, 1}, {0, 4, 2, 1, 3, 0}));
    else feed(uniform(DType::f64, {kRows, kClasses}, 0, 1, 2));
    feed(uniform(DType::f64, {kRows}, 0, 2, 3));
  }

  static Value argmax(const Value& v) { return apply("argmax", {v}, {{"axis", int64_t{-1}}}); }
  void feed(HostTensor t) { feeds.push_back(std::make_shared<HostTensor>(std::move(t))); }
  Value loss_rows(const Value& probabilities) const {
    const Value labels =
        sparse ? apply("reshape", {ops::cast(target, DType::i32)}, {{"shape", Ints{kRows}}})
               : target;
    const std::string name = sparse ? "sparse_" : "";
    if (from_logits) return apply(name + "softmax_cross_entropy", {x, labels});
    return apply(name + "categorical_crossentropy", {probabilities, labels}, {{"epsilon", 0.1}});
  }
  Graph graph(std::vector<Value> outputs) const {
    return specialized({{x, target, weights}, std::move(outputs), {}});
  }
};

void expect_same_values(const Graph& before, const Graph& after,
                        const std::vector<HostTensorPtr>& feeds) {
  Environment env;
  for (size_t i = 0; i < feeds.size(); ++i) env.feeds[before.inputs[i]] = feeds[i];
  const auto want = evaluate(before.outputs, env), got = evaluate(after.outputs, env);
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_TRUE(close(got[i], want[i], {1e-12, 1e-13})) << "output " << i;
}

using Variant = std::tuple<bool, bool, bool>;
class Heads : public ::testing::TestWithParam<Variant> {
 protected:
  const Head head_{std::get<0>(GetParam()), std::get<1>(GetParam()), std::get<2>(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(SparseLogitsWeighted, Heads,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool(),
                                            ::testing::Bool()));

TEST_P(Heads, BecomeOneNode) {
  const Graph before = head_.graph({head_.loss, head_.dx, head_.hits}), after = fused(before);
  EXPECT_EQ(count(after, "_step"), 1);
  EXPECT_EQ(count(after, "argmax"), 0);
  EXPECT_EQ(count(after, "_grad"), 0);
  EXPECT_EQ(count(after, "cast"), 0);
  EXPECT_FALSE(step_of(after)->attrs.flag("keep", true));
  expect_same_values(before, after, head_.feeds);
}

TEST_P(Heads, GiveProbabilitiesToOthers) {
  const Graph before = head_.graph({head_.loss, head_.dx, head_.p}), after = fused(before);
  EXPECT_EQ(count(after, "_step"), 1);
  EXPECT_TRUE(step_of(after)->attrs.flag("keep", false));
  EXPECT_FALSE(step_of(after)->attrs.flag("hits", true));
  expect_same_values(before, after, head_.feeds);
}

TEST_P(Heads, StayWithoutAGradient) {
  const Graph before = head_.graph({head_.loss, head_.hits}), after = fused(before);
  EXPECT_EQ(count(after, "_step"), 0);
  expect_same_values(before, after, head_.feeds);
}

TEST(FuseLossStep, AnEqualFactorIsAnAttribute) {
  const Head plain(false, true, false), weighted(false, true, true);
  const NodePtr a = step_of(fused(plain.graph({plain.loss, plain.dx})));
  ASSERT_TRUE(a);
  EXPECT_EQ(a->inputs.size(), 2u);
  EXPECT_EQ(a->attrs.number("scale"), 1.0 / kRows);
  const NodePtr b = step_of(fused(weighted.graph({weighted.loss, weighted.dx})));
  ASSERT_TRUE(b);
  EXPECT_EQ(b->inputs.size(), 3u);
  EXPECT_EQ(b->attrs.number("scale"), 1.0 / kRows);
}

TEST(FuseLossStep, HitsOfAnotherTargetStay) {
  const Head head(false, true, false);
  const Value other = placeholder({DType::f64, {kRows, kClasses}}, "u");
  const Value hits =
      ops::cast(apply("equal", {Head::argmax(other), Head::argmax(head.p)}), DType::f64);
  const Graph before =
      specialized({{head.x, head.target, head.weights, other}, {head.loss, head.dx, hits}, {}});
  const Graph after = fused(before);
  EXPECT_EQ(count(after, "_step"), 1);
  EXPECT_EQ(count(after, "argmax"), 2);
  std::vector<HostTensorPtr> feeds = head.feeds;
  feeds.push_back(std::make_shared<HostTensor>(uniform(DType::f64, {kRows, kClasses}, 0, 1, 7)));
  expect_same_values(before, after, feeds);
}

TEST(FuseLossStep, LabelsThatAreComparedAsFractionsStay) {
  const Head head(true, true, false);
  const Value labels = apply("squeeze", {head.target}, {{"axis", int64_t{-1}}});
  const Value found = ops::cast(Head::argmax(head.p), DType::f32);
  const Value hits = ops::cast(apply("equal", {labels, found}), DType::f64);
  const Graph before = head.graph({head.loss, head.dx, hits}), after = fused(before);
  EXPECT_EQ(count(after, "argmax"), 1);
  expect_same_values(before, after, head.feeds);
}

TEST(FuseLossStep, AGradientMadeOfTheLossStays) {
  const Head head(false, true, false);
  const Value rows = head.loss_rows(head.p);
  const Value dx = gradients(apply("sum", {apply("square", {rows})}), {head.x})[0];
  const Graph before = head.graph({rows, dx}), after = fused(before);
  EXPECT_EQ(count(after, "_step"), 0);
  expect_same_values(before, after, head.feeds);
}

}  // namespace
}  // namespace kn::test
