// What fuse_elementwise makes of small graphs, and that random graphs keep their values.
#include <map>
#include <random>

#include "base/program.h"
#include "graph/gradient.h"
#include "graph/verifier.h"
#include "ops/build.h"
#include "passes/pipeline.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

using ops::add;
using ops::mul;
using ops::sub;

// How many nodes of each op the graph runs; sources and aliases are free.
std::map<std::string, int> census(const Graph& graph) {
  std::map<std::string, int> count;
  for (const NodePtr& node : topological_order(graph.roots()))
    if (!node->op->is(kSource) && !node->op->is(kAlias)) ++count[std::string(node->op->name)];
  return count;
}
using Census = std::map<std::string, int>;

Value input(Shape shape, DType dtype = DType::f64) { return placeholder({dtype, shape}, "x"); }

Graph graph_of(std::vector<Value> inputs, std::vector<Value> outputs) {
  return {std::move(inputs), std::move(outputs), {}};
}

const Program& program_in(const Graph& graph) {
  for (const NodePtr& node : topological_order(graph.roots()))
    if (node->op->name == "fused") return static_cast<const Program&>(*node->payload);
  throw RuntimeError("no fused node");
}

// Both graphs give the same numbers.
void expect_same(const Graph& before, const Graph& after, unsigned seed = 1) {
  verify(after.roots(), "fuse_elementwise");
  Environment env;
  for (const Value& v : before.inputs)
    env.feeds[v] = std::make_shared<HostTensor>(uniform(v.dtype(), v.shape(), -1, 1, ++seed));
  const auto want = evaluate(before.roots(), env), got = evaluate(after.roots(), env);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(close(got[i], want[i], {1e-9, 1e-10}));
}

TEST(FuseElementwise, JoinsAChainAndItsMean) {
  const Value a = input({30, 4}), b = input({30, 4});
  const Value loss = apply("mean", {apply("square", {sub(a, b)})});
  const Graph graph = graph_of({a, b}, {loss}), fused = fuse_elementwise(graph);
  EXPECT_EQ(census(fused), (Census{{"fused", 1}}));
  EXPECT_EQ(program_in(fused).outputs.size(), 1u);
  expect_same(graph, fused);
}

TEST(FuseElementwise, KeepsTheGradientAndSumsItInOneLoop) {
  // As after a dense layer: the masked gradient feeds products and is summed for the bias.
  const Value g = input({32, 8}), y = input({32, 8}), w = input({8, 5});
  const Value masked = apply("relu_grad", {g, y});
  const Value product = apply("matmul", {masked, w});
  const Value bias = apply("sum", {masked}, {{"axes", Ints{0}}, {"keepdims", false}});
  const Graph graph = graph_of({g, y, w}, {product, bias}), fused = fuse_elementwise(graph);
  EXPECT_EQ(census(fused), (Census{{"fused", 1}, {"matmul", 1}}));
  EXPECT_EQ(program_in(fused).outputs.size(), 2u);
  expect_same(graph, fused);
}

TEST(FuseElementwise, LooksThroughBroadcasts) {
  const Value x = input({6, 5}), row = input({5});
  const Value wide = apply("broadcast_to", {row}, {{"shape", Ints{6, 5}}});
  const Graph graph = graph_of({x, row}, {apply("maximum", {x, wide})});
  const Graph fused = fuse_elementwise(graph);
  EXPECT_EQ(census(fused), (Census{{"fused", 1}}));
  EXPECT_EQ(program_in(fused).inputs[1].shape, (Shape{5}));
  expect_same(graph, fused);
}

TEST(FuseElementwise, EndsTheLoopBeforeAReductionIsUsed) {
  const Value x = input({7, 9});
  const Value mean = apply("mean", {apply("tanh", {x})}, {{"axes", Ints{1}}, {"keepdims", true}});
  const Value centred = sub(apply("tanh", {x}), mean);
  const Graph graph = graph_of({x}, {mul(centred, centred)}), fused = fuse_elementwise(graph);
  EXPECT_EQ(census(fused)["fused"], 2);
  expect_same(graph, fused);
}

TEST(FuseElementwise, WaitsForTheLastOperand) {
  // scale(w) is ready long before the product it is added to: it must not be written out.
  const Value w = input({6, 6}), x = input({6, 6});
  const Value decay = mul(w, constant(0.1, DType::f64));
  const Value product = apply("matmul", {apply("matmul", {x, w}), w});
  const Graph graph = graph_of({w, x}, {add(product, decay)}), fused = fuse_elementwise(graph);
  EXPECT_EQ(census(fused), (Census{{"fused", 1}, {"matmul", 2}}));
  expect_same(graph, fused);
}

TEST(FuseElementwise, NeverMakesALoopOfGroups) {
  // a -> matmul -> b, and both a and b are added: one group of a and b would wait for itself.
  const Value x = input({4, 4});
  const Value a = apply("tanh", {x}), b = apply("sigmoid", {apply("matmul", {a, a})});
  const Graph graph = graph_of({x}, {add(a, b)}), fused = fuse_elementwise(graph);
  EXPECT_EQ(census(fused)["matmul"], 1);
  expect_same(graph, fused);
}

TEST(FuseElementwise, JoinsNumbersThatHaveNothingInCommon) {
  // As at the end of a step: a counter, and the totals of a metric.
  const Value steps = input({}, DType::i64), total = input({}), number = input({});
  const Value hits = input({32});
  const Value all = add(total, apply("sum", {hits}));
  const Value count = add(number, constant(32.0, DType::f64));
  const Graph graph = graph_of({steps, total, number, hits}, {add(steps, constant(1.0, DType::i64)),
                                                              all, count, ops::div(all, count)});
  const Graph fused = fuse_elementwise(graph);
  EXPECT_EQ(census(fused), (Census{{"fused", 1}, {"sum", 1}}));
  expect_same(graph, fused);
}

TEST(FuseElementwise, JoinsSmallReductionsWhereKernelsAreLaunched) {
  const Value losses = input({32}), hits = input({32}), weights = input({32});
  const Graph graph = graph_of({losses, hits, weights},
                               {apply("mean", {mul(losses, weights)}), apply("sum", {hits})});
  EXPECT_EQ(census(fuse_elementwise(graph)), (Census{{"fused", 1}, {"sum", 1}}));
  const Graph fused = fuse_elementwise(graph, true);
  EXPECT_EQ(census(fused), (Census{{"fused", 1}}));
  expect_same(graph, fused);
}

TEST(FuseElementwise, LeavesLoneNodesAsTheyAre) {
  const Value x = input({4, 4});
  const Graph graph = graph_of({x}, {apply("tanh", {apply("matmul", {x, x})})});
  EXPECT_EQ(census(fuse_elementwise(graph)), (Census{{"matmul", 1}, {"tanh", 1}}));
}

// Chains, broadcasts, reductions, products and gradients at random.
Graph random_graph(unsigned seed) {
  std::mt19937 random(seed);
  const Dim rows = 1 + random() % 5, columns = 1 + random() % 6;
  Graph graph;
  std::vector<Value> whole, row, column;
  const auto pick = [&](const std::vector<Value>& from) { return from[random() % from.size()]; };
  for (int i = 0; i < 3; ++i) {
    whole.push_back(input({rows, columns}));
    graph.inputs.push_back(whole.back());
  }
  row.push_back(input({columns}));
  column.push_back(input({rows, 1}));
  graph.inputs.push_back(row[0]);
  graph.inputs.push_back(column[0]);
  static const char* unary[] = {"tanh", "sigmoid", "neg", "relu", "softplus"};
  static const char* binary[] = {"add", "sub", "mul", "maximum", "tanh_grad"};
  for (int i = 0; i < 30; ++i) {
    const char* f = binary[random() % 5];
    switch (random() % 9) {
      case 0: whole.push_back(apply(f, {pick(whole), pick(row)})); break;
      case 1: whole.push_back(apply(f, {pick(column), pick(whole)})); break;
      case 2: whole.push_back(apply(unary[random() % 5], {pick(whole)})); break;
      case 3: {
        const Value x = pick(whole);
        whole.push_back(ops::where(apply("less", {x, pick(row)}), x, pick(whole)));
        break;
      }
      case 4: row.push_back(apply("mean", {pick(whole)}, {{"axes", Ints{0}}})); break;
      case 5:
        column.push_back(apply("max", {pick(whole)}, {{"axes", Ints{1}}, {"keepdims", true}}));
        break;
      case 6: row.push_back(apply("tanh", {apply(f, {pick(row), pick(row)})})); break;
      case 7: {
        const Value product = apply("matmul", {pick(whole), pick(whole)}, {{"transpose_b", true}});
        column.push_back(
            apply("tanh", {apply("sum", {product}, {{"axes", Ints{1}}, {"keepdims", true}})}));
        break;
      }
      default: whole.push_back(apply(f, {pick(whole), pick(whole)}));
    }
  }
  graph.outputs = {pick(whole), pick(row), pick(column), apply("sum", {whole.back()})};
  for (const Value& g : gradients(graph.outputs.back(), {graph.inputs[0], graph.inputs[3]}))
    if (g) graph.outputs.push_back(g);
  return graph;
}

TEST(FuseElementwise, RandomGraphsKeepTheirValues) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = random_graph(seed), fused = fuse_elementwise(graph);
    expect_same(graph, fused, seed);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace kn::test
