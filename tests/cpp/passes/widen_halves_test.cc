// What widen_halves makes of ops on float16 and bfloat16, and that plans compute them in float32.
#include "base/half.h"
#include "base/program.h"
#include "graph/gradient.h"
#include "graph/op_def.h"
#include "graph/verifier.h"
#include "ops/build.h"
#include "passes/pipeline.h"
#include "support/function.h"
#include "support/graphs.h"
#include "support/kernels.h"

namespace kn::test {
namespace {

Value input(Shape shape, DType dtype = DType::bf16) { return placeholder({dtype, shape}, "x"); }

Graph graph_of(std::vector<Value> inputs, std::vector<Value> outputs) {
  return {std::move(inputs), std::move(outputs), {}};
}

Graph widened(const Graph& graph, std::string_view native = {}) {
  const auto takes = [&](const Node& node) { return node.op->name == native; };
  Graph result = widen_halves(graph, takes);
  verify(result.roots(), "widen_halves");
  return result;
}

const Node& only(const Graph& graph, std::string_view op) {
  for (const NodePtr& node : topological_order(graph.roots()))
    if (node->op->name == op) return *node;
  throw RuntimeError("no such node");
}

// Numbers that halves hold exactly.
HostTensor halves(DType dtype, Shape shape, int first = 0) {
  HostTensor t({dtype, shape});
  for (Dim i = 0; i < shape.elements(); ++i) {
    const auto x = static_cast<float>((first + 7 * i) % 17 - 8) / 8;
    t.as<uint16_t>()[i] = dtype == DType::f16 ? float_to_f16(x) : float_to_bf16(x);
  }
  return t;
}

TEST(WidenHalves, ComputesInFloat32WhatTheDeviceDoesNotTake) {
  const Value a = input({4, 3}), b = input({3, 2});
  const Value y = apply("matmul", {a, b});
  const Graph wide = widened(graph_of({a, b}, {y}));
  EXPECT_EQ(only(wide, "matmul").outputs[0].dtype, DType::f32);
  EXPECT_EQ(wide.outputs[0].dtype(), DType::bf16);
  EXPECT_EQ(count(wide, "cast"), 3);
}

TEST(WidenHalves, LeavesWhatTheDeviceTakes) {
  const Value a = input({4, 3}), b = input({3, 2});
  const Value y = apply("matmul", {a, b});
  const Graph wide = widened(graph_of({a, b}, {y}), "matmul");
  EXPECT_EQ(wide.outputs[0], y);
}

TEST(WidenHalves, DoesNotRoundProductsThatAreOnlyReadInFloat32) {
  const Value a = input({4, 3}), b = input({3, 2});
  const Value y = apply("matmul", {a, b}), read = ops::cast(y, DType::f32);
  const Graph wide = widened(graph_of({a, b}, {read}), "matmul");
  EXPECT_EQ(count(wide, "cast"), 0);
  EXPECT_EQ(only(wide, "matmul").outputs[0].dtype, DType::f32);
  const Graph rounded = widened(graph_of({a, b}, {read, y}), "matmul");
  EXPECT_EQ(count(rounded, "cast"), 1);
  EXPECT_EQ(only(rounded, "matmul").outputs[0].dtype, DType::bf16);
}

TEST(WidenHalves, DoesNotRoundGradientsToKernelsThatAreOnlyReadInFloat32) {
  const Value x = input({2, 6, 6, 3}), dy = input({2, 4, 4, 5});
  const std::vector<Value> results =
      apply_all("conv_weights", {x, dy}, {{"window", Ints{3, 3}}, {"bias", true}});
  const Graph wide = widened(
      graph_of({x, dy}, {ops::cast(results[0], DType::f32), ops::cast(results[1], DType::f32)}),
      "conv_weights");
  EXPECT_EQ(count(wide, "cast"), 0);
  for (const TensorType& t : only(wide, "conv_weights").outputs) EXPECT_EQ(t.dtype, DType::f32);
  const Graph rounded =
      widened(graph_of({x, dy}, {ops::cast(results[0], DType::f32), results[1]}), "conv_weights");
  for (const TensorType& t : only(rounded, "conv_weights").outputs) EXPECT_EQ(t.dtype, DType::bf16);
}

TEST(WidenHalves, GradientsOfProductsThatAreNotRoundedAreThoseOfProductsThatAre) {
  const auto gradients_of = [](bool rounded) {
    const Value a = input({40, 33}), b = input({33, 34});
    Attrs attrs;
    if (!rounded) attrs.set("dtype", std::string("float32"));
    const Value y = ops::cast(apply("matmul", {a, b}, attrs), DType::f32);
    return Function(graph_of({a, b}, gradients(apply("sum", {y}), {a, b})))(
        {halves(DType::bf16, {40, 33}), halves(DType::bf16, {33, 34}, 5)});
  };
  for (cpu::Isa isa : cpu::usable_isas()) {
    IsaScope scope(isa);
    const auto got = gradients_of(false), want = gradients_of(true);
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[i].dtype(), DType::bf16);
      for (Dim k = 0; k < want[i].shape().elements(); ++k)
        ASSERT_EQ(got[i].number_at(k), want[i].number_at(k)) << "gradient " << i;
    }
  }
}

TEST(WidenHalves, LeavesFloat32Alone) {
  const Value a = input({4, 3}, DType::f32);
  const Value y = apply("exp", {a});
  EXPECT_EQ(widened(graph_of({a}, {y})).outputs[0], y);
}

TEST(WidenHalves, WidensConstantsAheadOfTheRun) {
  const Value a = input({4, 3});
  const Value y = ops::scale(a, 0.375);
  const Graph wide = widened(graph_of({a}, {y}));
  EXPECT_EQ(count(wide, "cast"), 2);  // of a, and of the result
  EXPECT_EQ(static_cast<const HostTensor&>(*only(wide, "constant").payload).number_at(0), 0.375);
}

TEST(WidenHalves, CastsToOtherTypesGoByWayOfFloat32) {
  const Value a = input({4, 3}, DType::i32);
  const Graph wide = widened(graph_of({a}, {ops::cast(a, DType::f16)}), "cast");
  EXPECT_EQ(count(wide, "cast"), 2);
  EXPECT_EQ(only(wide, "cast").outputs[0].dtype, DType::f32);
}

TEST(WidenHalves, AChainLoadsAndStoresHalvesAndRoundsOnce) {
  const Value a = input({50, 30}), b = input({50, 30});
  const Value y = apply("tanh", {ops::add(ops::mul(a, b), a)});
  const Graph fused = fuse_elementwise(widened(graph_of({a, b}, {y})));
  const auto& program = static_cast<const Program&>(*only(fused, "fused").payload);
  EXPECT_EQ(program.inputs[0].dtype, DType::bf16);
  EXPECT_EQ(program.output_type(0).dtype, DType::bf16);
  int narrowed = 0;
  for (const Instruction& i : program.code) narrowed += is_half(i.to);
  EXPECT_EQ(narrowed, 1);
  EXPECT_EQ(program.code.size(), 6u);  // two casts, mul, add, tanh, a cast
}

TEST(WidenHalves, AStoredHalfIsRoundedForAllWhoReadIt) {
  // The sum reads what the other output holds, not what it was before it was rounded.
  for (DType dtype : {DType::f16, DType::bf16}) {
    const Value a = input({40}, dtype);
    const Value y = ops::scale(a, 1.0 / 3);
    Function f(graph_of({a}, {y, ops::cast(y, DType::f32)}));
    const auto got = f({halves(dtype, {40})});
    for (Dim i = 0; i < 40; ++i) EXPECT_EQ(got[0].number_at(i), got[1].number_at(i));
  }
}

// A dense layer and its gradients against float64.
TEST(WidenHalves, TrainsALayer) {
  for (DType dtype : {DType::f16, DType::bf16}) {
    const double unit = dtype == DType::f16 ? 0x1p-10 : 0x1p-7;
    const auto layer = [](DType t) {
      const Value x = input({20, 48}, t), w = input({48, 24}, t), b = input({24}, t);
      const Value y = apply("relu", {ops::add(apply("matmul", {x, w}), b)});
      const Value loss = apply("mean", {apply("square", {y})});
      std::vector<Value> outputs = gradients(loss, {x, w, b});
      outputs.push_back(y);
      outputs.push_back(apply("softmax", {y}));
      return graph_of({x, w, b}, outputs);
    };
    const std::vector<HostTensor> feeds = {halves(dtype, {20, 48}), halves(dtype, {48, 24}, 5),
                                           halves(dtype, {24}, 9)};
    std::vector<HostTensor> exact;
    for (const HostTensor& t : feeds) {
      HostTensor& to = exact.emplace_back(TensorType{DType::f64, t.shape()});
      for (Dim i = 0; i < t.shape().elements(); ++i) to.as<double>()[i] = t.number_at(i);
    }
    for (cpu::Isa isa : cpu::usable_isas()) {
      IsaScope scope(isa);
      const auto got = Function(layer(dtype))(feeds), want = Function(layer(DType::f64))(exact);
      for (size_t i = 0; i < want.size(); ++i) {
        EXPECT_EQ(got[i].dtype(), dtype);
        double largest = 0, error = 0;
        for (Dim k = 0; k < want[i].shape().elements(); ++k) {
          largest = std::max(largest, std::abs(want[i].number_at(k)));
          error = std::max(error, std::abs(want[i].number_at(k) - got[i].number_at(k)));
        }
        EXPECT_LE(error, 4 * unit * largest) << name_of(dtype) << ", output " << i;
      }
    }
  }
}

}  // namespace
}  // namespace kn::test
