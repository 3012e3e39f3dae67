// Loops against the same steps unrolled, and their gradients through time.
#include <gtest/gtest.h>

#include "exec/batches.h"
#include "exec/runnable_plan.h"
#include "graph/builder.h"
#include "graph/gradient.h"
#include "ops/build.h"
#include "ops/loop.h"
#include "support/kernels.h"
#include "support/tensors.h"

namespace kn::test {
namespace {

std::vector<HostTensor> run(const std::vector<Value>& inputs, const std::vector<Value>& outputs,
                            const std::vector<HostTensor>& feeds) {
  Executable executable({inputs, outputs, {}}, cpu::kernels(), Phase::test, "test");
  std::vector<ArrayRef> refs;
  std::vector<const void*> in;
  for (const HostTensor& t : feeds) {
    refs.push_back({t.data(), t.type()});
    in.push_back(t.data());
  }
  const auto plan = executable.plan_for(refs, Phase::test);
  std::vector<HostTensor> results;
  std::vector<void*> out;
  for (const TensorType& t : plan->plan().outputs) results.emplace_back(t);
  for (HostTensor& t : results) out.push_back(t.data());
  executable.run(*plan, in, out);
  return results;
}

constexpr Tolerance kTight{1e-12, 1e-12};
constexpr Dim kSteps = 5, kBatch = 2, kUnits = 3;

Value step(const Value& x, const Value& h, const Value& u) {
  return apply("tanh", {ops::add(x, apply("matmul", {h, u}))});
}

// h_t = tanh(x_t + h_{t-1} u) over x (T, N, U), with u of the surrounding graph.
struct Recurrence {
  Value x = placeholder({DType::f64, {kUnknown, kBatch, kUnits}}, "x");
  Value h = placeholder({DType::f64, {kBatch, kUnits}}, "h");
  Value u = placeholder({DType::f64, {kUnits, kUnits}}, "u");
  std::vector<HostTensor> feeds = {uniform(DType::f64, {kSteps, kBatch, kUnits}, -1, 1, 1),
                                   uniform(DType::f64, {kBatch, kUnits}, -1, 1, 2),
                                   uniform(DType::f64, {kUnits, kUnits}, -1, 1, 3)};

  ops::LoopResult loop(bool reverse) const {
    const Value x_t = placeholder({DType::f64, {kBatch, kUnits}}, "x_t");
    const Value h_t = placeholder({DType::f64, {kBatch, kUnits}}, "h_t");
    const Value next = step(x_t, h_t, u);
    return ops::make_loop({{x}, {h}, {x_t}, {h_t}, {next}, {next}, reverse});
  }

  // (stacked outputs, last state) step by step.
  std::vector<Value> unrolled(bool reverse) const {
    std::vector<Value> outputs(kSteps);
    Value state = h;
    for (Dim s = 0; s < kSteps; ++s) {
      const Dim t = reverse ? kSteps - 1 - s : s;
      const Value x_t =
          apply("gather", {x, constant(host_scalar<int64_t>(t))}, {{"axis", int64_t{0}}});
      state = step(x_t, state, u);
      outputs[t] = state;
    }
    return {apply("stack", outputs, {{"axis", int64_t{0}}}), state};
  }
};

Value weighted(const std::vector<Value>& values) {
  Value total;
  for (size_t i = 0; i < values.size(); ++i) {
    const Value cube = ops::mul(values[i], ops::mul(values[i], values[i]));
    const Value part = ops::scale(apply("sum", {cube}), 1.0 + static_cast<double>(i));
    total = total ? ops::add(total, part) : part;
  }
  return total;
}

class Loop : public ::testing::TestWithParam<bool> {};

TEST_P(Loop, ForwardIsTheStepsUnrolled) {
  const Recurrence r;
  const auto looped = r.loop(GetParam());
  const auto got = run({r.x, r.h, r.u}, {looped.outputs[0], looped.states[0]}, r.feeds);
  const auto want = run({r.x, r.h, r.u}, r.unrolled(GetParam()), r.feeds);
  for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(close(got[i], want[i], kTight));
}

TEST_P(Loop, GradientsThroughTimeAreThoseOfTheUnrolledSteps) {
  const Recurrence r;
  const std::vector<Value> wrt = {r.x, r.h, r.u};
  const auto looped = r.loop(GetParam());
  const Value loss = weighted({looped.outputs[0], looped.states[0]});
  const auto got = run(wrt, gradients(loss, wrt), r.feeds);
  const auto want = run(wrt, gradients(weighted(r.unrolled(GetParam())), wrt), r.feeds);
  for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(close(got[i], want[i], kTight)) << i;
}

TEST_P(Loop, SecondGradients) {
  const Recurrence r;
  const std::vector<Value> wrt = {r.x, r.h, r.u};
  const auto looped = r.loop(GetParam());
  const auto first = gradients(weighted({looped.outputs[0], looped.states[0]}), wrt);
  const auto first_unrolled = gradients(weighted(r.unrolled(GetParam())), wrt);
  const auto got = run(wrt, gradients(weighted(first), wrt), r.feeds);
  const auto want = run(wrt, gradients(weighted(first_unrolled), wrt), r.feeds);
  for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(close(got[i], want[i], {1e-10, 1e-10})) << i;
}

INSTANTIATE_TEST_SUITE_P(Directions, Loop, ::testing::Bool());

TEST(LoopErrors, AStateThatChangesItsTypeIsNamed) {
  const Value x = placeholder({DType::f32, {4, 2}}, "x");
  const Value x_t = placeholder({DType::f32, {2}}, "x_t");
  const Value s = placeholder({DType::f32, {3}}, "s");
  EXPECT_THROW(ops::make_loop({{x}, {s}, {x_t}, {s}, {}, {x_t}}), ValueError);
}

}  // namespace
}  // namespace kn::test
