// Executables against the interpreter: all passes, plans and fast kernels against none of them.
#include <thread>

#include "graph/gradient.h"
#include "support/function.h"
#include "support/interpreter.h"
#include "support/random_graph.h"

namespace kn::test {
namespace {

Environment environment_of(const Graph& graph, const std::vector<HostTensor>& feeds) {
  Environment env;
  env.training = true;
  for (size_t i = 0; i < feeds.size(); ++i)
    env.feeds[graph.inputs[i]] = std::make_shared<HostTensor>(feeds[i]);
  return env;
}

TEST(Executable, RandomGraphsGiveWhatTheInterpreterGives) {
  constexpr Tolerance kTight{1e-9, 1e-10};
  for (uint32_t seed = 1000; seed < 1200; ++seed) {
    RandomGraph random(seed, 10 + static_cast<int>(seed % 40));
    Function function(random.graph);
    for (Dim rows : {5, 1, 5}) {
      const auto feeds = random.draw_inputs(rows, seed);
      const auto want = evaluate(random.graph.roots(), environment_of(random.graph, feeds));
      const auto got = function(feeds);
      for (size_t i = 0; i < got.size(); ++i)
        ASSERT_TRUE(close(got[i], want[i], kTight)) << "seed " << seed << ", output " << i;
      for (size_t u = 0; u < random.graph.updates.size(); ++u) {
        const auto* variable =
            static_cast<const Variable*>(random.graph.updates[u].variable.node->payload.get());
        ASSERT_TRUE(close(variable->read(), want[got.size() + u], kTight))
            << "seed " << seed << ", update " << u;
      }
    }
  }
}

TEST(Executable, RefusesWhatDoesNotFit) {
  const Value x = placeholder({DType::f32, {kUnknown, 3}}, "x");
  Function function({{x}, {apply("neg", {x})}, {}});
  EXPECT_THROW(function({filled(DType::f32, {2, 4}, 0)}), ValueError);
  EXPECT_THROW(function({filled(DType::f64, {2, 3}, 0)}), ValueError);
  EXPECT_THROW(function({filled(DType::f32, {3}, 0)}), ValueError);
  EXPECT_THROW(function({}), ValueError);
  EXPECT_EQ(function({filled(DType::f32, {0, 3}, 0)})[0].shape(), (Shape{0, 3}));
  const Value missing = placeholder({DType::f32, {3}}, "missing");
  EXPECT_THROW(Function({{x}, {apply("add", {x, missing})}, {}}), ValueError);
}

TEST(Executable, ServesManyThreadsAtOnce) {
  RandomGraph random(77);
  random.graph.updates.clear();
  Function function(random.graph);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (uint64_t round = 0; round < 50; ++round) {
        const auto feeds = random.draw_inputs(3 + static_cast<Dim>(t % 2), t * 1000 + round);
        const auto want = evaluate(random.graph.outputs, environment_of(random.graph, feeds));
        const auto got = function(feeds);
        for (size_t i = 0; i < got.size(); ++i)
          if (!close(got[i], want[i], {1e-9, 1e-10})) ++wrong[t];
      }
    });
  for (std::thread& t : threads) t.join();
  for (int w : wrong) EXPECT_EQ(w, 0);
}

}  // namespace
}  // namespace kn::test
