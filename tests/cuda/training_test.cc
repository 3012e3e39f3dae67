// Whole training steps on the device: variables, arena, feeds, recorded runs, loops, faults, and
// the trajectory of the weights against the CPU's.
#include <functional>

#include "base/error.h"
#include "device_run.h"
#include "exec/batches.h"
#include "exec/runnable_plan.h"
#include "graph/gradient.h"
#include "hooks.h"
#include "ops/build.h"
#include "ops/loop.h"
#include "runtime/devices.h"
#include "support/random_graph.h"

namespace kn::test {
namespace {

using ops::add;
using ops::scale;
using ops::sub;

// Builds a graph whose variables live on one device; the same seed gives the same start.
class ModelBuilder {
 public:
  explicit ModelBuilder(const KernelSource& where) : where_(where) {}

  Value variable(const HostTensor& start) {
    variables.push_back(
        std::make_shared<Variable>(start, concat_text("v", variables.size()), where_.device()));
    return value_of(variables.back());
  }
  Value weight(const Shape& shape, double spread, double middle = 0) {
    trained.push_back(variable(
        uniform(DType::f32, shape, middle - spread, middle + spread + 1e-9, 100 + trained.size())));
    return trained.back();
  }
  Value dense(const Value& x, Dim inputs, Dim outputs) {
    return add(apply("matmul", {x, weight({inputs, outputs}, 0.3)}), weight({outputs}, 0.1));
  }

  void train_by_adam(const Value& loss) {
    const Value count = variable(filled(DType::f32, {}, 0));
    const Value t = add(count, constant(1.0, DType::f32)), one = constant(1.0, DType::f32);
    const Value b1 = constant(0.9, DType::f32), b2 = constant(0.999, DType::f32);
    const Value correction =
        ops::div(apply("sqrt", {sub(one, apply("pow", {b2, t}))}), sub(one, apply("pow", {b1, t})));
    const Value rate = scale(correction, 0.01);
    graph.updates.push_back({count, t});
    const auto grads = gradients(loss, trained);
    for (size_t i = 0; i < trained.size(); ++i) {
      const Value m = variable(filled(DType::f32, trained[i].shape(), 0));
      const Value v = variable(filled(DType::f32, trained[i].shape(), 0));
      const auto fresh =
          apply_all("adam_update", {trained[i], grads[i], m, v, rate, b1, b2}, {{"epsilon", 1e-7}});
      graph.updates.push_back({trained[i], fresh[0]});
      graph.updates.push_back({m, fresh[1]});
      graph.updates.push_back({v, fresh[2]});
    }
  }

  Graph graph;
  std::vector<std::shared_ptr<Variable>> variables;
  std::vector<Value> trained;

 private:
  const KernelSource& where_;
};

constexpr Dim kClasses = 5;

struct Model {
  std::function<void(ModelBuilder&)> build;
  Shape x;  // of one sample
};

Value mean_loss(const Value& logits, const Value& labels) {
  return apply("mean", {apply("sparse_softmax_cross_entropy", {logits, labels})},
               {{"axes", Ints{0}}});
}

Model mlp() {
  return {[](ModelBuilder& b) {
            const Value x = placeholder({DType::f32, {kUnknown, 20}}, "x");
            const Value y = placeholder({DType::i32, {kUnknown}}, "y");
            // No bias: its gradient is zero but for rounding, which Adam would make large.
            const Value linear = apply("matmul", {x, b.weight({20, 32}, 0.3)});
            const Value gamma = b.weight({32}, 0, 1), beta = b.weight({32}, 0);
            const auto normal = apply_all("batch_norm_train", {linear, gamma, beta},
                                          {{"axis", int64_t{-1}}, {"epsilon", 1e-3}});
            const Value kept = apply("dropout", {apply("relu", {normal[0]})},
                                     {{"rate", 0.25}, {"seed", int64_t{7}}});
            const Value loss = mean_loss(b.dense(kept, 32, kClasses), y);
            b.graph.inputs = {x, y};
            b.graph.outputs = {loss};
            const Value moving = b.variable(filled(DType::f32, {32}, 0));
            b.graph.updates.push_back({moving, add(scale(moving, 0.99), scale(normal[1], 0.01))});
            b.train_by_adam(loss);
          },
          {20}};
}

Model cnn() {
  return {[](ModelBuilder& b) {
            const Value x = placeholder({DType::f32, {kUnknown, 8, 8, 2}}, "x");
            const Value y = placeholder({DType::i32, {kUnknown}}, "y");
            const Value first =
                apply("conv", {x, b.weight({3, 3, 2, 6}, 0.3)}, {{"padding", std::string("same")}});
            const Value active = apply("relu", {add(first, b.weight({6}, 0.1))});
            const Value pooled =
                apply("max_pool", {active}, {{"window", Ints{2, 2}}, {"strides", Ints{2, 2}}});
            const Value second = apply("conv", {pooled, b.weight({3, 3, 6, 8}, 0.2)}, {});
            const Value mean = apply("average_pool", {apply("tanh", {second})},
                                     {{"window", Ints{2, 2}}, {"strides", Ints{1, 1}}});
            const Value flat = apply("reshape", {mean}, {{"shape", Ints{-1, 8}}});
            const Value loss = mean_loss(b.dense(flat, 8, kClasses), y);
            b.graph.inputs = {x, y};
            b.graph.outputs = {loss};
            b.train_by_adam(loss);
          },
          {8, 8, 2}};
}

// A recurrent layer as K.rnn writes it: a loop over the leading axis, with its gradient.
Model rnn() {
  return {[](ModelBuilder& b) {
            const Value x = placeholder({DType::f32, {kUnknown, 6, 4}}, "x");
            const Value y = placeholder({DType::i32, {kUnknown}}, "y");
            const Value steps = apply("transpose", {x}, {{"perm", Ints{1, 0, 2}}});
            const Value kernel = b.weight({4, 10}, 0.3), recurrent = b.weight({10, 10}, 0.3);
            const Value bias = b.weight({10}, 0.1);
            const Value slice = placeholder({DType::f32, {kUnknown, 4}}, "slice");
            const Value state = placeholder({DType::f32, {kUnknown, 10}}, "state");
            const Value drawn = apply("dropout", {apply("matmul", {slice, kernel})},
                                      {{"rate", 0.1}, {"seed", int64_t{3}}});
            const Value next =
                apply("tanh", {add(add(drawn, apply("matmul", {state, recurrent})), bias)});
            const Value start = apply("zeros_like", {apply("matmul", {ops::sum(x, {1}), kernel})});
            const auto result =
                ops::make_loop({{steps}, {start}, {slice}, {state}, {next}, {next}, false, -1});
            const Value whole = apply("mean", {result.outputs[0]}, {{"axes", Ints{0}}});
            const Value loss = mean_loss(b.dense(add(whole, result.states[0]), 10, kClasses), y);
            b.graph.inputs = {x, y};
            b.graph.outputs = {loss};
            b.train_by_adam(loss);
          },
          {6, 4}};
}

std::vector<HostTensor> batch(const Model& model, Dim rows, uint64_t seed) {
  Shape x = model.x;
  x.insert(0, rows);
  return {uniform(DType::f32, x, -1, 1, seed),
          uniform(DType::i32, {rows}, 0, kClasses - 1, seed + 1)};
}

std::vector<HostTensor> call(Executable& e, const std::vector<HostTensor>& feeds) {
  std::vector<ArrayRef> refs;
  std::vector<const void*> in;
  for (const HostTensor& t : feeds) {
    refs.push_back({t.data(), t.type()});
    in.push_back(t.data());
  }
  const auto plan = e.plan_for(refs, Phase::input);
  std::vector<HostTensor> results;
  std::vector<void*> out;
  for (const TensorType& t : plan->plan().outputs) results.emplace_back(t);
  for (HostTensor& t : results) out.push_back(t.data());
  e.run(*plan, in, out);
  return results;
}

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

void expect_same_way(const Model& model, int steps) {
  const Trajectory cpu = train(model, device_source().host(), steps);
  const Trajectory gpu = train(model, device_source(), steps);
  for (int i = 0; i < steps; ++i)
    EXPECT_TRUE(close(gpu.losses[i], cpu.losses[i], {2e-4, 2e-5})) << "loss of step " << i;
  for (size_t i = 0; i < cpu.weights.size(); ++i)
    EXPECT_TRUE(close(gpu.weights[i], cpu.weights[i], {2e-3, 5e-4})) << "variable " << i;
  // Steps 0 and 9 see a batch of 16.
  EXPECT_LT(gpu.losses[9].number_at(0), gpu.losses[0].number_at(0)) << "it learns";
}

TEST(Training, AnMlpGoesTheWayOfTheCpu) { expect_same_way(mlp(), 12); }
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

TEST(Training, ARunOfBatchesAgreesWithTheCpu) {
  const Model model = mlp();
  const auto data = batch(model, 70, 9);
  std::vector<int64_t> order(70);
  for (int64_t i = 0; i < 70; ++i) order[i] = (i * 37) % 70;
  std::vector<BatchResults> results;
  for (const KernelSource* where : {&device_source().host(), &device_source()}) {
    ModelBuilder b(*where);
    model.build(b);
    Executable e(b.graph, *where, Phase::training, "train");
    const std::vector<ArrayRef> refs = {{data[0].data(), data[0].type()},
                                        {data[1].data(), data[1].type()}};
    BatchJob job{refs, {}, 16, 0, 5, order.data(), Phase::input};
    results.push_back(run_batches(e, job, [] { return false; }));
  }
  EXPECT_EQ(results[0].samples, results[1].samples);
  EXPECT_NEAR(results[0].sums[0], results[1].sums[0], 1e-3 * results[0].sums[0]);
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
