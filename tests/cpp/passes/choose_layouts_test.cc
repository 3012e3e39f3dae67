// Transposes between ops that do not care about the order of axes go; values stay.
#include <algorithm>

#include "graph/builder.h"
#include "passes/axis_order.h"
#include "passes/pipeline.h"
#include "support/interpreter.h"

namespace kn::test {
namespace {

const Ints kFirst{0, 3, 1, 2}, kLast{0, 2, 3, 1};

Value transpose(const Value& x, const Ints& perm) {
  return apply("transpose", {x}, {{"perm", perm}});
}

int transposes(const std::vector<Value>& roots) {
  const auto order = topological_order(roots);
  return static_cast<int>(std::count_if(
      order.begin(), order.end(), [](const NodePtr& n) { return n->op->name == "transpose"; }));
}

class ChooseLayouts : public ::testing::Test {
 protected:
  Value last = placeholder({DType::f64, Shape{2, 4, 6, 3}}, "last");  // channels last
  Value x = transpose(last, kFirst);                                  // (2, 3, 4, 6)
  Value c = placeholder({DType::f64, Shape{3}}, "c");
  Value w = placeholder({DType::f64, Shape{3, 3, 3, 3}}, "w");

  Value per_channel(const Value& v) const {
    return apply("reshape", {v}, {{"shape", Ints{1, 3, 1, 1}}});
  }
  // As a layer with channels first makes it, less the pairs of transposes that meet.
  Value conv(const Value& images) const {
    const Value turned = images == x ? last : transpose(images, kLast);
    return transpose(apply("conv", {turned, w}, {{"padding", std::string("same")}}), kFirst);
  }

  // The number of transposes left by the pass, after which `outputs` must be what they were.
  int left(const std::vector<Value>& outputs) {
    Graph graph;
    graph.inputs = {last, c, w};
    graph.outputs = outputs;
    result = choose_layouts(graph);
    Environment environment;
    for (const Value& v : graph.inputs)
      environment.feeds[v] =
          std::make_shared<HostTensor>(uniform(v.dtype(), v.shape(), 0.1, 1, v.node->id));
    const auto want = evaluate(outputs, environment), got = evaluate(result.outputs, environment);
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(result.outputs[i].type(), outputs[i].type());
      EXPECT_TRUE(close(got[i], want[i], {1e-12, 1e-12})) << i;
    }
    return transposes(result.outputs);
  }
  // The same for an op between transposes, all of which must go.
  void expect_turned(const Value& y) {
    EXPECT_EQ(left({transpose(y, kLast)}), 0) << y.node->op->name;
  }

  Graph result;
};

TEST_F(ChooseLayouts, Elementwise) {
  expect_turned(apply("relu", {x}));
  expect_turned(apply("mul", {apply("exp", {x}), x}));
  expect_turned(apply("add", {x, per_channel(c)}));
  expect_turned(apply("sub", {constant(2.0, DType::f64), x}));
  expect_turned(apply("where", {apply("greater", {x, per_channel(c)}), x, apply("neg", {x})}));
  const Value wide = apply("broadcast_to", {per_channel(c)}, {{"shape", Ints{2, 3, 4, 6}}});
  expect_turned(apply("mul", {x, apply("exp", {wide})}));
}

TEST_F(ChooseLayouts, AlongAnAxis) {
  for (const char* op : {"softmax", "log_softmax", "cumsum"})
    for (int64_t axis : {1, -1, 2}) expect_turned(apply(op, {x}, {{"axis", axis}}));
  expect_turned(apply("concat", {x, apply("neg", {x})}, {{"axis", int64_t{1}}}));
  expect_turned(apply("repeat", {x}, {{"axis", int64_t{2}}, {"repeats", int64_t{2}}}));
  const auto parts = apply_all("split", {x}, {{"axis", int64_t{1}}, {"sizes", Ints{1, 2}}});
  EXPECT_EQ(left({transpose(apply("exp", {parts[0]}), kLast),
                  transpose(apply("exp", {parts[1]}), kLast)}),
            0);
}

TEST_F(ChooseLayouts, ListsPerAxis) {
  const Attrs cut{
      {"begin", Ints{0, 1, 0, 2}}, {"end", Ints{2, 3, -1, 6}}, {"strides", Ints{1, 1, 1, 2}}};
  const Value part = apply("slice", {x}, cut);
  expect_turned(part);
  expect_turned(apply("slice_grad", {apply("exp", {part}), x}, cut));
  const Attrs wider{{"paddings", Ints{0, 0, 0, 0, 1, 2, 3, 0}},
                    {"mode", std::string("constant")},
                    {"value", 0.5}};
  expect_turned(apply("pad", {x}, wider));
}

TEST_F(ChooseLayouts, BatchNormalization) {
  const Attrs attrs{{"axis", int64_t{1}}, {"epsilon", 1e-3}};
  const auto y = apply_all("batch_norm_train", {x, c, c}, attrs);
  const Value dy = apply("exp", {y[0]});
  const auto back = apply_all("batch_norm_grad", {x, dy, y[1], y[3], c}, {{"axis", int64_t{1}}});
  EXPECT_EQ(left({transpose(back[0], kLast), back[1], back[2], y[2]}), 0);
}

TEST_F(ChooseLayouts, Reductions) {
  const Value y = conv(apply("relu", {conv(x)}));
  for (const bool keepdims : {false, true})
    for (const Ints& axes : {Ints{2, 3}, Ints{1}, Ints{0, 2, 3}, Ints{-1}, Ints{0, 1, 2, 3}}) {
      const Value sum = apply("sum", {apply("exp", {y})}, {{"axes", axes}, {"keepdims", keepdims}});
      EXPECT_LE(left({sum}), axes.size() == 1 ? 2 : 1);
    }
}

TEST_F(ChooseLayouts, ChainOfConvolutions) {
  const Value y = conv(apply("relu", {apply("add", {conv(x), per_channel(c)})}));
  EXPECT_EQ(left({y}), 1);
  EXPECT_EQ(left({apply("reshape", {apply("relu", {y})}, {{"shape", Ints{2, 72}}})}), 1);
}

TEST_F(ChooseLayouts, ResidualBlock) {
  const Value trunk = apply("relu", {conv(x)});
  EXPECT_EQ(left({transpose(apply("add", {trunk, conv(trunk)}), kLast)}), 0);
}

// A mask is drawn by position: the gradient's must be that of the way there.
TEST_F(ChooseLayouts, MasksOfOneSeedStayTogether) {
  const Attrs attrs{{"rate", 0.5}, {"seed", int64_t{7}}};
  const Value there = apply("dropout", {apply("exp", {conv(x)})}, attrs);
  const Value back = apply("dropout", {apply("ones_like", {there})}, attrs);
  Graph graph;
  graph.inputs = {last, c, w};
  graph.outputs = {transpose(there, kLast), back};
  const Graph turned = choose_layouts(graph);
  Environment environment;
  for (const Value& v : graph.inputs)
    environment.feeds[v] = std::make_shared<HostTensor>(uniform(v.dtype(), v.shape(), 0.1, 1, 3));
  const Value both = apply(
      "equal", {apply("greater", {turned.outputs[0], constant(0, DType::f64)}),
                apply("greater", {transpose(turned.outputs[1], kLast), constant(0, DType::f64)})});
  const auto same = evaluate({both}, environment)[0];
  EXPECT_TRUE(evaluate({both}, environment)[0].filled_with(1));
}

TEST_F(ChooseLayouts, LeavesWhatGainsNothing) {
  EXPECT_EQ(left({apply("relu", {x})}), 1);                          // wanted as it is
  EXPECT_EQ(left({apply("relu", {x}), transpose(x, kLast)}), 1);     // and so is its twin
  EXPECT_EQ(left({apply("reverse", {x}, {{"axes", Ints{1}}})}), 1);  // no rule for that op
}

TEST(AxisOrder, ReshapesWhereMemoryStays) {
  const Value x = placeholder({DType::f32, Shape{2, 1, 1, 5}}, "x");
  EXPECT_EQ(reordered(x, kFirst).node->op->name, "reshape");
  EXPECT_EQ(reordered(x, {3, 0, 1, 2}).node->op->name, "transpose");
  EXPECT_EQ(reordered(x, {0, 1, 2, 3}), x);
  EXPECT_EQ(inverse_order(kFirst), kLast);
}

}  // namespace
}  // namespace kn::test
