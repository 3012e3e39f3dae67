// Recurrent ops that do not depend on each other become one; values stay.
#include "graph/builder.h"
#include "passes/pipeline.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

class PairSequences : public ::testing::Test {
 protected:
  static Value input(Shape shape, const char* name) {
    return placeholder({DType::f32, std::move(shape)}, name);
  }

  // A layer over x (3, rows, 2).
  static std::vector<Value> layer(const Value& x, const Value& kernel, const Value& h,
                                  bool reverse) {
    return apply_all("simple_rnn_sequence", {x, kernel, h}, {{"reverse", reverse}});
  }

  // The graph of `outputs` after the pass, which must compute the same.
  static std::vector<Value> paired(const std::vector<Value>& inputs,
                                   const std::vector<Value>& outputs, bool of_any_batch = false) {
    Graph graph;
    graph.inputs = inputs;
    graph.outputs = outputs;
    const Graph result = pair_sequences(graph, of_any_batch);
    Environment environment;
    for (const Value& v : graph.inputs)
      environment.feeds[v] =
          std::make_shared<HostTensor>(uniform(v.dtype(), v.shape(), -1, 1, v.node->id));
    const auto want = evaluate(outputs, environment), got = evaluate(result.outputs, environment);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(close(got[i], want[i], {1e-5, 1e-5}));
    return result.outputs;
  }

  Value x = input({3, 4, 2}, "x"), kernel = input({2, 2}, "kernel"), h = input({4, 2}, "h");
};

TEST_F(PairSequences, BothDirectionsOfStackedLayers) {
  const Value ahead = layer(x, kernel, h, false)[0], back = layer(x, kernel, h, true)[0];
  const Value both = apply("add", {ahead, back});
  const Value second = layer(both, kernel, h, false)[0],
              second_back = layer(both, kernel, h, true)[0];
  const auto after = paired({x, kernel, h}, {second, second_back, ahead, back});
  EXPECT_EQ(after[0].node->op->name, "recurrent_pair");
  EXPECT_EQ(after[0].node, after[1].node);
  EXPECT_EQ(after[2].node, after[3].node);
  EXPECT_NE(after[0].node, after[2].node);
}

TEST_F(PairSequences, NotWhatDependsOnEachOther) {
  const Value first = layer(x, kernel, h, false)[0];
  const auto after = paired({x, kernel, h}, {layer(first, kernel, h, true)[0]});
  EXPECT_EQ(after[0].node->op->name, "simple_rnn_sequence");
}

// Joining a with d leaves b and c depending on each other, through the pair.
TEST_F(PairSequences, NotWhereAPairStandsBetween) {
  const Value a = layer(x, kernel, h, false)[0], b = layer(a, kernel, h, false)[0];
  const Value c = layer(x, kernel, h, true)[0], d = layer(c, kernel, h, true)[0];
  const auto after = paired({x, kernel, h}, {a, b, c, d});
  int pairs = 0;
  for (const Value& v : after) pairs += v.node->op->name == "recurrent_pair";
  EXPECT_TRUE(pairs == 2 || pairs == 4);
}

TEST_F(PairSequences, LargeBatchesOnRequest) {
  const Value wide = input({3, 40, 2}, "wide"), state = input({40, 2}, "state");
  const Value ahead = layer(wide, kernel, state, false)[0],
              back = layer(wide, kernel, state, true)[0];
  for (const bool wanted : {false, true}) {
    const auto after = paired({wide, kernel, state}, {ahead, back}, wanted);
    EXPECT_EQ(after[0].node == after[1].node, wanted);
  }
}

}  // namespace
}  // namespace kn::test
