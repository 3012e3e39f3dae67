// Moves that cancel are gone, and updates of tables take rows; values stay.
#include <gtest/gtest.h>

#include <algorithm>

#include "passes/pipeline.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

int count(const std::vector<Value>& roots, std::string_view op) {
  const auto order = topological_order(roots);
  return static_cast<int>(std::count_if(order.begin(), order.end(),
                                        [&](const NodePtr& n) { return n->op->name == op; }));
}

Value transpose(const Value& x, Ints perm) {
  return apply("transpose", {x}, {{"perm", std::move(perm)}});
}
Value reverse(const Value& x, int64_t axis) {
  return apply("reverse", {x}, {{"axes", Ints{axis}}});
}

void expect_same(const Value& before, const Value& after, const Environment& env) {
  ASSERT_TRUE(after);
  ASSERT_EQ(before.type(), after.type());
  EXPECT_TRUE(close(evaluate({after}, env)[0], evaluate({before}, env)[0], {1e-12, 1e-12}));
}

struct Table {
  Value table = placeholder({DType::f64, {7, 2}}, "table");
  Value at = placeholder({DType::i32, {3, 4}}, "at");
  Value rows = placeholder({DType::f64, {4, 3, 2}}, "rows");
  Environment env;
  Table() {
    env.feeds[table] = std::make_shared<HostTensor>(uniform(DType::f64, {7, 2}, -1, 1, 1));
    env.feeds[at] = std::make_shared<HostTensor>(uniform(DType::i32, {3, 4}, 0, 6, 2));
    env.feeds[rows] = std::make_shared<HostTensor>(uniform(DType::f64, {4, 3, 2}, -1, 1, 3));
  }
};

TEST(Moves, TransposesJoin) {
  const Table t;
  const Value there = transpose(t.rows, {1, 2, 0});
  EXPECT_EQ(simplify(*transpose(there, {2, 0, 1}).node), t.rows);
  const Value twice = transpose(there, {1, 0, 2});
  expect_same(twice, simplify(*twice.node), t.env);
  EXPECT_EQ(count({simplify(*twice.node)}, "transpose"), 1);
}

TEST(Moves, IndicesAreTurnedInPlaceOfRows) {
  const Table t;
  const Value gathered = apply("gather", {t.table, t.at}, {{"axis", int64_t{0}}});
  const Value turned = transpose(gathered, {1, 0, 2});
  expect_same(turned, simplify(*turned.node), t.env);
  EXPECT_EQ(simplify(*turned.node).node->op->name, "gather");
  EXPECT_FALSE(simplify(*transpose(gathered, {2, 0, 1}).node));

  const Value added =
      apply("scatter_add", {t.table, t.at, transpose(t.rows, {1, 0, 2})}, {{"axis", int64_t{0}}});
  expect_same(added, simplify(*added.node), t.env);
  EXPECT_EQ(simplify(*added.node).node->inputs[2], t.rows);
}

TEST(Moves, ReversalsCancel) {
  const Table t;
  EXPECT_EQ(simplify(*reverse(reverse(t.rows, 1), 1).node), t.rows);
  EXPECT_FALSE(simplify(*reverse(reverse(t.rows, 1), 0).node));
  const Value across = reverse(transpose(reverse(t.rows, 0), {1, 0, 2}), 1);
  expect_same(across, simplify(*across.node), t.env);
  EXPECT_EQ(count({simplify(*across.node)}, "reverse"), 0);
  EXPECT_FALSE(simplify(*reverse(transpose(reverse(t.rows, 0), {1, 0, 2}), 0).node));
}

TEST(SparseUpdates, TakeRowsWhereNothingElseReadsTheGradient) {
  Table t;
  const Value lr = constant(0.1, DType::f64);
  const Value rows = transpose(t.rows, {1, 0, 2});
  const Value g = apply("scatter_add", {t.table, t.at, rows}, {{"axis", int64_t{0}}});
  const Value p = apply("sgd_update", {t.table, g, lr});
  const std::vector<Value> inputs = {t.table, t.at, t.rows};
  const Graph after = sparse_updates({inputs, {p}, {}});
  EXPECT_EQ(count(after.outputs, "sparse_sgd_update"), 1);
  EXPECT_EQ(count(after.outputs, "scatter_add"), 0);
  expect_same(p, after.outputs[0], t.env);

  const Graph shared = sparse_updates({inputs, {p, g}, {}});
  EXPECT_EQ(count(shared.outputs, "sparse_sgd_update"), 0);
}

}  // namespace
}  // namespace kn::test
