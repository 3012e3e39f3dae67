// Plans of random graphs, run in a shadow of memory: every 64 bytes remember which value was last
// written there, and every read must find the value it is for.
#include "plan/plan.h"

#include <map>

#include "support/function.h"
#include "support/random_graph.h"

namespace kn::test {
namespace {

constexpr size_t kGranule = 64;

class Shadow {
 public:
  explicit Shadow(const Plan& plan) : plan_(plan) {}

  void check() {
    for (const Step& step : plan_.steps) run(step);
    for (const Copy& copy : plan_.copies) {
      if (copy.bytes == 0) continue;
      const Key value = at(copy.from, 0);
      for (size_t g = 0; g < copy.bytes; g += kGranule) {
        EXPECT_TRUE(!tracked(copy.from) || at(copy.from, g) == value) << "a copy of two values";
      }
      write(copy.to, copy.bytes, value);
    }
  }

 private:
  using Key =
      std::pair<const Node*, int>;  // a value; a null node: nothing, or a variable as it was

  static Value producer(Value v) {
    while (v.node->op->is(kAlias)) v = v.node->inputs[0];
    return v;
  }
  static bool tracked(const Place& p) {
    return p.kind == Place::kArena || p.kind == Place::kVariable || p.kind == Place::kOutput;
  }

  Key& at(const Place& p, size_t byte) {
    return memory_[{p.kind, p.kind == Place::kArena ? 0 : p.index, (p.offset + byte) / kGranule}];
  }
  void write(const Place& p, size_t bytes, Key value) {
    for (size_t g = 0; g < bytes; g += kGranule) at(p, g) = value;
  }

  void run(const Step& step) {
    const Node& node = *step.node;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Value source = producer(node.inputs[i]);
      if (!tracked(step.in[i])) continue;
      const Key want = source.node->op->is(kSource) ? Key{} : Key{source.node.get(), source.index};
      for (size_t g = 0; g < node.inputs[i].type().bytes(); g += kGranule)
        ASSERT_EQ(at(step.in[i], g), want)
            << node.op->name << " reads input " << i << " after it was written over";
    }
    // The workspace is written while inputs are still read and outputs already written.
    const Key scratch{&node, -1};
    const Place workspace{Place::kArena, 0, step.workspace};
    write(workspace, step.kernel->workspace_bytes(), scratch);
    for (size_t i = 0; i < node.inputs.size(); ++i)
      expect_untouched(step, step.in[i], node.inputs[i].type().bytes(), scratch);
    for (size_t o = 0; o < node.outputs.size(); ++o) {
      const size_t bytes = node.outputs[o].bytes();
      expect_untouched(step, step.out[o], bytes, scratch);
      for (size_t i = 0; i < node.inputs.size(); ++i) expect_legal_overlap(step, o, i);
      write(step.out[o], bytes, {&node, static_cast<int>(o)});
    }
    for (size_t o = 0; o < node.outputs.size(); ++o)
      for (size_t g = 0; g < node.outputs[o].bytes(); g += kGranule)
        ASSERT_EQ(at(step.out[o], g), (Key{&node, static_cast<int>(o)}))
            << node.op->name << ": two outputs in one place";
  }

  void expect_untouched(const Step& step, const Place& p, size_t bytes, Key scratch) {
    if (p.kind != Place::kArena) return;
    for (size_t g = 0; g < bytes; g += kGranule)
      ASSERT_NE(at(p, g), scratch) << step.node->op->name << ": workspace over an operand";
  }

  // An output may lie exactly over an input, where the kernel says so.
  void expect_legal_overlap(const Step& step, size_t o, size_t i) {
    const Place &out = step.out[o], &in = step.in[i];
    const size_t out_bytes = step.node->outputs[o].bytes(),
                 in_bytes = step.node->inputs[i].type().bytes();
    if (!tracked(out) || out.kind != in.kind || out_bytes == 0 || in_bytes == 0) return;
    if (out.kind == Place::kArena) {
      if (out.offset + out_bytes <= in.offset || in.offset + in_bytes <= out.offset) return;
    } else if (out.index != in.index) {
      return;
    }
    EXPECT_EQ(out.offset, in.offset) << step.node->op->name;
    EXPECT_TRUE(step.kernel->in_place(static_cast<int>(o), static_cast<int>(i)))
        << step.node->op->name << " is not asked to work in place";
  }

  const Plan& plan_;
  std::map<std::tuple<Place::Kind, int, size_t>, Key> memory_;
};

TEST(Plan, NoLiveValueIsWrittenOver) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    RandomGraph random(seed, 10 + static_cast<int>(seed % 40));
    Function function(random.graph);
    Shadow(function.plan_for(random.draw_inputs(5, seed))->plan()).check();
    if (::testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

const Step* find_step(const Plan& plan, std::string_view op) {
  for (const Step& s : plan.steps)
    if (s.node->op->name == op) return &s;
  return nullptr;
}

TEST(Plan, UpdatesAreWrittenIntoTheirVariables) {
  auto w = std::make_shared<Variable>(filled(DType::f32, {40, 8}, 1), "w");
  const Value x = placeholder({DType::f32, {40, 8}}, "x"), value = value_of(w);
  const Value fresh = apply("sgd_update", {value, x, constant(0.5, DType::f32)});
  Function function({{x}, {}, {{value, fresh}}});
  const auto plan = function.plan_for({filled(DType::f32, {40, 8}, 2)});
  EXPECT_EQ(plan->plan().arena_bytes, 0u);
  EXPECT_TRUE(plan->plan().copies.empty());
  function({filled(DType::f32, {40, 8}, 2)});
  EXPECT_EQ(w->read().number_at(319), 0);
}

TEST(Plan, UpdatesOfOneRuleBecomeOneStep) {
  Graph graph;
  const Value rate = constant(0.5, DType::f32);
  std::vector<std::shared_ptr<Variable>> weights;
  for (Dim n : {3, 70, 1}) {
    weights.push_back(std::make_shared<Variable>(filled(DType::f32, {n}, 1), "w"));
    graph.inputs.push_back(placeholder({DType::f32, {n}}, "g"));
    const Value w = value_of(weights.back());
    graph.updates.push_back({w, apply("sgd_update", {w, graph.inputs.back(), rate})});
  }
  Function function(graph);
  const std::vector<HostTensor> feeds = {filled(DType::f32, {3}, 2), filled(DType::f32, {70}, 4),
                                         filled(DType::f32, {1}, 6)};
  const auto plan = function.plan_for(feeds);
  ASSERT_EQ(plan->plan().steps.size(), 1u);
  EXPECT_NE(find_step(plan->plan(), "multi_sgd_update"), nullptr);
  function(feeds);
  EXPECT_EQ(weights[0]->read().number_at(2), 0);
  EXPECT_EQ(weights[1]->read().number_at(69), -1);
  EXPECT_EQ(weights[2]->read().number_at(0), -2);
}

// Joined, the first update would be computed twice: for itself, and before the joined step.
TEST(Plan, AnUpdateThatFeedsAnotherStaysAlone) {
  auto a = std::make_shared<Variable>(filled(DType::f32, {4}, 1), "a");
  auto b = std::make_shared<Variable>(filled(DType::f32, {4}, 1), "b");
  const Value x = placeholder({DType::f32, {4}}, "x"), rate = constant(1.0, DType::f32);
  const Value new_a = apply("sgd_update", {value_of(a), x, rate});
  const Value new_b = apply("sgd_update", {value_of(b), new_a, rate});
  Function function({{x}, {}, {{value_of(a), new_a}, {value_of(b), new_b}}});
  const std::vector<HostTensor> feeds = {filled(DType::f32, {4}, 3)};
  EXPECT_EQ(find_step(function.plan_for(feeds)->plan(), "multi_sgd_update"), nullptr);
  function(feeds);
  EXPECT_EQ(a->read().number_at(0), -2);
  EXPECT_EQ(b->read().number_at(0), 3);
}

class NoKernel : public Kernel {
  void run(const RunArgs&) const override {}
};

// Candidates may decide by whether the reason that they were given has stayed empty.
class TwoCandidates : public KernelSource {
 public:
  std::span<const Candidate> candidates(std::string_view) const override { return kCandidates; }

 private:
  static std::unique_ptr<Kernel> refuse(const KernelRequest&, std::string& refusal) {
    refusal = "refused";
    return nullptr;
  }
  static std::unique_ptr<Kernel> make(const KernelRequest&, std::string& refusal) {
    return refusal.empty() ? std::make_unique<NoKernel>() : nullptr;
  }
  static constexpr Candidate kCandidates[] = {{"first", refuse}, {"second", make}};
};

TEST(Plan, EveryCandidateIsAskedWithoutTheReasonsOfOthers) {
  const Value y = apply("exp", {placeholder({DType::f32, {4}}, "x")});
  std::string_view chosen;
  std::string refusals;
  EXPECT_NE(choose_kernel(*y.node, TwoCandidates(), chosen, refusals), nullptr);
  EXPECT_EQ(chosen, "second");
}

TEST(Plan, VariablesCanSwap) {
  auto a = std::make_shared<Variable>(filled(DType::f32, {4}, 1), "a");
  auto b = std::make_shared<Variable>(filled(DType::f32, {4}, 2), "b");
  const Value old_a = value_of(a), old_b = value_of(b);
  Function function({{}, {old_a}, {{old_a, old_b}, {old_b, old_a}}});
  EXPECT_EQ(function({})[0].number_at(0), 1);
  EXPECT_EQ(a->read().number_at(0), 2);
  EXPECT_EQ(b->read().number_at(0), 1);
}

}  // namespace
}  // namespace kn::test
