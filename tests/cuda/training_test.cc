// Whole training steps on the device: variables, arena, feeds, recorded runs, loops, faults, and
// the trajectory of the weights against the CPU's.
#include "base/error.h"
#include "hooks.h"
#include "models.h"
#include "runtime/devices.h"

namespace kn::test {
namespace {

using ops::add;
using ops::scale;

struct Trajectory {
  std::vector<HostTensor> losses, weights;
};

Trajectory train(const Model& model, const KernelSource& where, int steps) {
  ModelBuilder b(where);
  model.build(b);
  Executable e(b.graph, where, Phase::training, "train");
  Trajectory t;
  for (int i = 0; i < steps; ++i) {
    const Dim rows = i % 4 == 2 ? 7 : 16;  // a shorter batch has a plan of its own
    t.losses.push_back(call(e, batch(model, rows, 50))[0]);
  }
  for (const auto& v : b.variables) {
    EXPECT_EQ(&v->device(), &where.device());
    t.weights.push_back(v->read());
  }
  return t;
}

void expect_same_way(const Model& model, int steps, Tolerance loss = {2e-4, 2e-5},
                     Tolerance weights = {2e-3, 5e-4}) {
  const Trajectory cpu = train(model, device_source().host(), steps);
  const Trajectory gpu = train(model, device_source(), steps);
  for (int i = 0; i < steps; ++i)
    EXPECT_TRUE(close(gpu.losses[i], cpu.losses[i], loss)) << "loss of step " << i;
  for (size_t i = 0; i < cpu.weights.size(); ++i)
    EXPECT_TRUE(close(gpu.weights[i], cpu.weights[i], weights)) << "variable " << i;
  // Steps 0 and 9 see a batch of 16.
  EXPECT_LT(gpu.losses[9].number_at(0), gpu.losses[0].number_at(0)) << "it learns";
}

TEST(Training, AnMlpGoesTheWayOfTheCpu) { expect_same_way(mlp(), 12); }
TEST(Training, AnMlpInHalvesGoesTheWayOfTheCpu) {
  // A sum in another order may round to the next half, and Adam makes small gradients large.
  expect_same_way(mixed_mlp(DType::bf16), 12, {2e-2, 2e-3}, {5e-2, 3e-2});
  expect_same_way(mixed_mlp(DType::f16), 12, {3e-3, 3e-4}, {2e-2, 2e-2});
}
TEST(Training, ACnnGoesTheWayOfTheCpu) { expect_same_way(cnn(), 10); }
TEST(Training, ALoopGoesTheWayOfTheCpu) { expect_same_way(rnn(), 10); }

TEST(Training, TheSameRunTwiceGivesTheSameBits) {
  const Trajectory a = train(mlp(), device_source(), 6), b = train(mlp(), device_source(), 6);
  for (size_t i = 0; i < a.weights.size(); ++i)
    EXPECT_TRUE(same_bits(a.weights[i], b.weights[i])) << "variable " << i;
}

TEST(Training, RunsAreRecordedAndRepeated) {
  const int64_t before = recorded_launches();
  if (before < 0) GTEST_SKIP() << "nobody counts recorded launches here";
  train(mlp(), device_source(), 12);
  // Of two plans with 9 and 3 runs, all but the first of each.
  EXPECT_EQ(recorded_launches() - before, 10);
}

TEST(Device, VariablesFollowTheFunctionThatUsesThem) {
  const auto v = std::make_shared<Variable>(filled(DType::f32, {4}, 3), "v");
  const Value x = placeholder({DType::f32, {4}}, "x");
  Graph graph{{x}, {add(x, value_of(v))}, {{value_of(v), scale(value_of(v), 2)}}};
  Executable gpu(graph, device_source(), Phase::test, "gpu");
  Executable cpu(graph, device_source().host(), Phase::test, "cpu");
  const std::vector<HostTensor> feeds = {filled(DType::f32, {4}, 1)};
  EXPECT_EQ(call(gpu, feeds)[0].number_at(0), 4);
  EXPECT_EQ(&v->device(), &device_source().device());
  EXPECT_EQ(call(cpu, feeds)[0].number_at(0), 7);
  EXPECT_EQ(&v->device(), &cpu_device());
  EXPECT_EQ(call(gpu, feeds)[0].number_at(3), 13);
  EXPECT_EQ(v->read().number_at(1), 24);
}

TEST(Device, AWrongIndexIsAValueErrorThatNamesTheLayer) {
  const Value x = placeholder({DType::f32, {5, 2}}, "x");
  const Value i = placeholder({DType::i64, {kUnknown}}, "i");
  Value rows;
  {
    const LayerScope layer("embedding_1");
    rows = apply("gather", {x, i}, {{"axis", int64_t{0}}});
  }
  Executable e(Graph{{x, i}, {rows}, {}}, device_source(), Phase::test, "rows");
  const HostTensor table = uniform(DType::f32, {5, 2}, -1, 1, 1);
  const auto rows_of = [&](std::vector<double> indices) {
    const Dim n = static_cast<Dim>(indices.size());
    return call(e, {table, tensor(DType::i64, {n}, indices)});
  };
  for (int again = 0; again < 3; ++again) {
    try {
      rows_of({1, 9});
      ADD_FAILURE() << "accepted";
    } catch (const ValueError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("[gather] expected indices within [0, 5); got 9; layer 'embedding_1'"),
                std::string::npos)
          << text;
    }
    EXPECT_EQ(rows_of({3, 4})[0].number_at(1), table.number_at(7)) << "the next run is right";
  }
}

TEST(Device, OutOfMemoryNamesNeedAndFreeAndTheProcessGoesOn) {
  const Value x = placeholder({DType::f32, {kUnknown, 1000}}, "x");
  const Value big = apply("matmul", {apply("transpose", {x}, {{"perm", Ints{1, 0}}}), x});
  Executable e(Graph{{x}, {apply("sum", {big}, {})}, {}}, device_source(), Phase::test, "big");
  Device& device = device_source().device();
  const std::vector<HostTensor> feeds = {filled(DType::f32, {3, 1000}, 0.5)};
  device.set_memory_limit(device.memory().used + (1 << 20), false);
  try {
    call(e, feeds);
    ADD_FAILURE() << "there was room";
  } catch (const RuntimeError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("out of memory on cuda:0"), std::string::npos) << text;
    EXPECT_NE(text.find("needs"), std::string::npos) << text;
    EXPECT_NE(text.find("are free on the device"), std::string::npos) << text;
  }
  device.set_memory_limit(0, false);
  EXPECT_NEAR(call(e, feeds)[0].number_at(0), 0.75e6, 1);
}

TEST(Device, IsFoundByName) {
  EXPECT_EQ(&find_device("cuda:0"), &device_source());
  EXPECT_EQ(&find_device("cuda"), &device_source());
  EXPECT_EQ(&find_device("cpu"), &device_source().host());
  EXPECT_THROW(find_device("tpu"), ValueError);
  const DeviceScope outer(device_source());
  EXPECT_EQ(&current_device(), &device_source());
  const DeviceScope inner(device_source().host());
  EXPECT_EQ(&current_device(), &device_source().host());
}

// Random graphs of many kinds of node, updates and swaps included.
TEST(Plans, RandomGraphsGiveTheCpusResults) {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    std::vector<std::vector<HostTensor>> results;
    for (const KernelSource* where : {&device_source().host(), &device_source()}) {
      RandomGraph random(seed);
      Executable e(random.graph, *where, Phase::test, "random");
      std::vector<HostTensor> all;
      for (uint64_t run = 0; run < 3; ++run)
        for (HostTensor& t : call(e, random.draw_inputs(5, 7 * run + seed))) all.push_back(t);
      for (const auto& v : random.variables) all.push_back(v->read());
      results.push_back(std::move(all));
    }
    for (size_t i = 0; i < results[0].size(); ++i)
      EXPECT_TRUE(close(results[1][i], results[0][i], {1e-9, 1e-10}))
          << "seed " << seed << ", " << i;
  }
}

}  // namespace
}  // namespace kn::test
