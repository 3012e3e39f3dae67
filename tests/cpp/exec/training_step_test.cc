// A whole training step: dense layers, batch normalization, dropout, cross-entropy, Adam.
#include <cmath>
#include <thread>

#include "exec/batches.h"
#include "graph/gradient.h"
#include "ops/build.h"
#include "support/allocations.h"
#include "support/function.h"
#include "support/interpreter.h"
#include "support/random_graph.h"

namespace kn::test {
namespace {

using ops::add;
using ops::mul;
using ops::scale;
using ops::sub;

constexpr Dim kInputs = 40, kClasses = 10;

// The model with its variables; the same seed gives the same start.
class Model {
 public:
  explicit Model(Dim hidden) {
    const Value w1 = weight({kInputs, hidden}, 0.15), b1 = weight({hidden}, 0);
    const Value gamma = weight({hidden}, 0, 1), beta = weight({hidden}, 0);
    const Value w2 = weight({hidden, kClasses}, 0.15), b2 = weight({kClasses}, 0);
    const Value moving = variable(filled(DType::f32, {hidden}, 0));
    const std::vector<Value> trained = {w1, b1, gamma, beta, w2, b2};

    const Value linear = add(apply("matmul", {x_, w1}), b1);
    const auto normal = apply_all("batch_norm_train", {linear, gamma, beta},
                                  {{"axis", int64_t{-1}}, {"epsilon", 1e-3}});
    const Value active = apply("relu", {normal[0]});
    const Value kept = apply("dropout", {active}, {{"rate", 0.25}, {"seed", int64_t{7}}});
    const Value logits = add(apply("matmul", {kept, w2}), b2);
    const Value losses = apply("sparse_softmax_cross_entropy", {logits, y_});
    const Value loss = apply("mean", {losses}, {{"axes", Ints{0}}});

    graph_.inputs = {x_, y_};
    graph_.outputs = {loss};
    graph_.updates.push_back({moving, add(scale(moving, 0.99), scale(normal[1], 0.01))});
    add_adam(trained, gradients(loss, trained));
  }

  const Graph& graph() const { return graph_; }
  const std::vector<std::shared_ptr<Variable>>& variables() const { return variables_; }

 private:
  Value variable(const HostTensor& start) {
    variables_.push_back(std::make_shared<Variable>(start, "v"));
    return value_of(variables_.back());
  }
  Value weight(const Shape& shape, double spread, double middle = 0) {
    return variable(uniform(DType::f32, shape, middle - spread, middle + spread + 1e-9,
                            100 + variables_.size()));
  }

  void add_adam(const std::vector<Value>& weights, const std::vector<Value>& grads) {
    const Value count = variable(filled(DType::f32, {}, 0));
    const Value t = add(count, constant(1.0, DType::f32));
    const Value b1 = constant(0.9, DType::f32), b2 = constant(0.999, DType::f32);
    const Value one = constant(1.0, DType::f32);
    const Value correction =
        ops::div(apply("sqrt", {sub(one, apply("pow", {b2, t}))}), sub(one, apply("pow", {b1, t})));
    const Value rate = scale(correction, 0.01);
    graph_.updates.push_back({count, t});
    for (size_t i = 0; i < weights.size(); ++i) {
      const Value m = variable(filled(DType::f32, weights[i].shape(), 0));
      const Value v = variable(filled(DType::f32, weights[i].shape(), 0));
      const auto fresh =
          apply_all("adam_update", {weights[i], grads[i], m, v, rate, b1, b2}, {{"epsilon", 1e-7}});
      graph_.updates.push_back({weights[i], fresh[0]});
      graph_.updates.push_back({m, fresh[1]});
      graph_.updates.push_back({v, fresh[2]});
    }
  }

  Value x_ = placeholder({DType::f32, {kUnknown, kInputs}}, "x");
  Value y_ = placeholder({DType::i32, {kUnknown}}, "y");
  Graph graph_;
  std::vector<std::shared_ptr<Variable>> variables_;
};

std::vector<HostTensor> batch(Dim rows, uint64_t seed) {
  return {uniform(DType::f32, {rows, kInputs}, -1, 1, seed),
          uniform(DType::i32, {rows}, 0, kClasses - 1, seed + 1)};
}

class Threads {
 public:
  explicit Threads(int n) : before_(global_pool().threads()) { global_pool().set_threads(n); }
  ~Threads() { global_pool().set_threads(before_); }

 private:
  int before_;
};

std::vector<HostTensor> state_after(int steps, Dim hidden, Dim rows) {
  Model model(hidden);
  Function function(model.graph());
  std::vector<HostTensor> state;
  for (int i = 0; i < steps; ++i) state = function(batch(rows, 50 + 2 * i));
  for (const auto& v : model.variables()) state.push_back(v->read());
  return state;
}

TEST(TrainingStep, ParametersAndSlotsShareOneSlab) {
  Model model(24);
  Function function(model.graph());
  function(batch(16, 1));
  // variables(): six weights, moving mean, count, then first and second moment of each weight.
  const auto& all = model.variables();
  std::vector<const Variable*> order;
  for (int i : {0, 1, 2, 3, 4, 5, 8, 10, 12, 14, 16, 18, 9, 11, 13, 15, 17, 19})
    order.push_back(all[i].get());
  for (size_t i = 1; i < order.size(); ++i) {
    const size_t bytes = (order[i - 1]->type().bytes() + 63) / 64 * 64;
    EXPECT_EQ(static_cast<char*>(order[i - 1]->data()) + bytes, order[i]->data()) << i;
  }
}

// Every new function moves the weights while another thread trains them: no step may be lost.
TEST(TrainingStep, TrainsOnWhileItsVariablesMove) {
  constexpr int kSteps = 200;
  const auto count_after = [](bool moving) {
    Model model(24);
    const auto& all = model.variables();
    Function function(model.graph());
    std::thread trainer([&] {
      for (int i = 0; i < kSteps; ++i) function(batch(16, 50));
    });
    for (int i = 0; moving && i < 50; ++i) {
      if (i % 2) lay_out_together({all[0], all[1], all[8]});
      else lay_out_together({all[8], all[1], all[0]});
    }
    trainer.join();
    std::vector<HostTensor> state;
    for (const auto& v : all) state.push_back(v->read());
    return state;
  };
  const auto want = count_after(false), got = count_after(true);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(same_bits(got[i], want[i])) << i;
  EXPECT_EQ(got[7].number_at(0), kSteps);
}

TEST(TrainingStep, AgreesWithTheInterpreter) {
  Model model(24);
  Function function(model.graph());
  for (uint64_t step = 0; step < 4; ++step) {
    const Dim rows = step == 2 ? 7 : 16;  // the short last batch has a plan of its own
    const auto feeds = batch(rows, 50 + 2 * step);
    Environment env;
    env.training = true;
    env.step = step;
    for (size_t i = 0; i < feeds.size(); ++i)
      env.feeds[model.graph().inputs[i]] = std::make_shared<HostTensor>(feeds[i]);
    const auto want = evaluate(model.graph().roots(), env);
    const auto got = function(feeds);
    ASSERT_TRUE(close(got[0], want[0], {1e-4, 1e-5}));
    for (size_t u = 0; u < model.graph().updates.size(); ++u) {
      const auto& node = *model.graph().updates[u].variable.node;
      // Adam's first steps are signs of gradients: where one is almost zero, rounding decides.
      const auto* variable = static_cast<const Variable*>(node.payload.get());
      int64_t far = 0;
      for (Dim i = 0; i < variable->type().shape.elements(); ++i)
        far += std::abs(variable->read().number_at(i) - want[1 + u].number_at(i)) > 2e-4;
      EXPECT_LE(far, variable->type().shape.elements() / 100) << "update " << u;
    }
  }
}

TEST(TrainingStep, SameBitsForAnyNumberOfThreadsAndEveryRun) {
  std::vector<HostTensor> first;
  for (int threads : {1, 2, 5, 1}) {
    Threads scope(threads);
    const auto state = state_after(4, 384, 200);
    if (first.empty()) first = state;
    for (size_t i = 0; i < state.size(); ++i)
      ASSERT_TRUE(same_bits(state[i], first[i])) << threads << " threads, tensor " << i;
  }
}

TEST(TrainingStep, LossFalls) {
  Model model(64);
  Function function(model.graph());
  const auto feeds = batch(32, 1);
  const double start = function(feeds)[0].number_at(0);
  double end = start;
  for (int i = 0; i < 150; ++i) end = function(feeds)[0].number_at(0);
  EXPECT_LT(end, 0.2 * start);
}

TEST(TrainingStep, AllocatesNothingOnceWarm) {
  if (allocations() < 0) GTEST_SKIP() << "a sanitizer has its own malloc";
  for (Dim hidden : {16, 384}) {
    Model model(hidden);
    Function function(model.graph());
    const auto feeds = batch(128, 3);
    const int64_t start = allocations();
    const auto plan = function.plan_for(feeds);
    EXPECT_GT(allocations() - start, 100) << "the core's allocations are not counted";
    float loss = 0;
    const void* in[] = {feeds[0].data(), feeds[1].data()};
    void* out[] = {&loss};
    for (int i = 0; i < 3; ++i) function.executable().run(*plan, in, out);
    const int64_t before = allocations();
    for (int i = 0; i < 20; ++i) function.executable().run(*plan, in, out);
    EXPECT_EQ(allocations() - before, 0) << "hidden " << hidden;
    EXPECT_TRUE(std::isfinite(loss));
  }
}

// A run of batches allocates for the run, never for a batch.
TEST(TrainingStep, ARunOfBatchesAllocatesTheSameForAnyLength) {
  if (allocations() < 0) GTEST_SKIP() << "a sanitizer has its own malloc";
  Model model(16);
  Executable executable(model.graph(), cpu::kernels(), Phase::training, "test");
  const auto data = batch(640, 3);
  std::vector<int64_t> order(640);
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(639 - i);
  const ArrayRef arrays[] = {{data[0].data(), data[0].type()}, {data[1].data(), data[1].type()}};
  auto allocated = [&](int64_t batches) {
    const int64_t before = allocations();
    BatchJob job;
    job.arrays = arrays;
    job.batch_size = 16;
    job.last_batch = batches;
    job.order = order.data();
    const auto results = run_batches(executable, job, [] { return false; });
    EXPECT_EQ(results.samples, batches * 16);
    return allocations() - before;
  };
  allocated(5);
  const int64_t few = allocated(5);
  EXPECT_EQ(allocated(40), few);
}

}  // namespace
}  // namespace kn::test
