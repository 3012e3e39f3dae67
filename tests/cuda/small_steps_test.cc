// How many kernels a training step of a small model is, and that it goes the way of the CPU's.
#include "models.h"

namespace kn::test {
namespace {

// 20-64-64-10 with dropout, SGD with momentum, accuracy and its running totals: `mlp_small` of the
// bench as the Python side writes it.
struct SmallModel {
  bool sparse, weighted;

  void build(ModelBuilder& b) const {
    const Value x = placeholder({DType::f32, {kUnknown, 20}}, "x");
    const Value y = sparse ? placeholder({DType::f32, {kUnknown, 1}}, "y")
                           : placeholder({DType::f32, {kUnknown, 10}}, "y");
    Value h = x;
    for (int64_t i = 0; i < 2; ++i) {
      h = apply("relu", {b.dense(h, i ? 64 : 20, 64)});
      h = apply("dropout", {h}, {{"rate", 0.5}, {"seed", 11 + i}});
    }
    const Value logits = b.dense(h, 64, 10);
    const Value p = apply("softmax", {logits}, {{"axis", int64_t{-1}}});
    const Value labels =
        sparse ? apply("reshape", {ops::cast(y, DType::i32)}, {{"shape", Ints{-1}}}) : y;
    Value rows =
        apply(sparse ? "sparse_softmax_cross_entropy" : "softmax_cross_entropy", {logits, labels});
    b.graph.inputs = {x, y};
    if (weighted) {
      b.graph.inputs.push_back(placeholder({DType::f32, {kUnknown}}, "w"));
      rows = ops::mul(rows, b.graph.inputs.back());
    }
    const Value loss = apply("mean", {rows});
    b.graph.outputs = {loss, accuracy(b, y, p)};
    count_steps(b);
    train_by_momentum(b, loss);
  }

  Value accuracy(ModelBuilder& b, const Value& y, const Value& p) const {
    const Attrs last = {{"axis", int64_t{-1}}};
    const Value wanted =
        sparse ? ops::cast(apply("squeeze", {y}, last), DType::i64) : apply("argmax", {y}, last);
    const Value hits = ops::cast(apply("equal", {wanted, apply("argmax", {p}, last)}), DType::f32);
    const Value total = b.variable(filled(DType::f32, {}, 0));
    const Value number = b.variable(filled(DType::f32, {}, 0));
    const Value all = ops::add(total, apply("sum", {hits}));
    const Value count = ops::add(number, ops::cast(apply("size_of", {hits}), DType::f32));
    b.graph.updates.push_back({total, all});
    b.graph.updates.push_back({number, count});
    return ops::div(all, count);
  }

  static void count_steps(ModelBuilder& b) {
    const Value steps = b.variable(filled(DType::i64, {}, 0));
    b.graph.updates.push_back({steps, ops::add(steps, constant(1, DType::i64))});
  }

  static void train_by_momentum(ModelBuilder& b, const Value& loss) {
    const Value rate = b.variable(filled(DType::f32, {}, 0.05));
    const Value momentum = b.variable(filled(DType::f32, {}, 0.9));
    const auto grads = gradients(loss, b.trained);
    for (size_t i = 0; i < b.trained.size(); ++i) {
      const Value m = b.variable(filled(DType::f32, b.trained[i].shape(), 0));
      const auto fresh = apply_all("nesterov_update", {b.trained[i], grads[i], m, rate, momentum});
      b.graph.updates.push_back({b.trained[i], fresh[0]});
      b.graph.updates.push_back({m, fresh[1]});
    }
  }

  std::vector<HostTensor> feeds(uint64_t seed) const {
    std::vector<HostTensor> in = {uniform(DType::f32, {32, 20}, -1, 1, seed)};
    HostTensor y = filled(DType::f32, sparse ? Shape{32, 1} : Shape{32, 10}, 0);
    for (int i = 0; i < 32; ++i) {
      const int label = static_cast<int>((i * 7 + seed) % 10);
      if (sparse) static_cast<float*>(y.data())[i] = static_cast<float>(label);
      else static_cast<float*>(y.data())[i * 10 + label] = 1;
    }
    in.push_back(std::move(y));
    if (weighted) in.push_back(uniform(DType::f32, {32}, 0, 2, seed + 1));
    return in;
  }
};

struct Trained {
  std::vector<HostTensor> outputs, variables;
  size_t kernels, copies;
};

Trained train(const SmallModel& model, const KernelSource& where) {
  ModelBuilder b(where);
  model.build(b);
  Executable e(b.graph, where, Phase::training, "train");
  Trained result;
  for (uint64_t i = 0; i < 5; ++i)
    for (HostTensor& out : call(e, model.feeds(i))) result.outputs.push_back(std::move(out));
  for (const auto& v : b.variables) result.variables.push_back(v->read());
  std::vector<ArrayRef> refs;
  const std::vector<HostTensor> feeds = model.feeds(0);
  for (const HostTensor& t : feeds) refs.push_back({t.data(), t.type()});
  const auto plan = e.plan_for(refs, Phase::input);
  result.kernels = plan->plan().steps.size();
  result.copies = plan->plan().copies.size();
  return result;
}

using Variant = std::tuple<bool, bool>;
class SmallSteps : public ::testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(SparseWeighted, SmallSteps,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool()));

TEST_P(SmallSteps, AreFewKernels) {
  const SmallModel model{std::get<0>(GetParam()), std::get<1>(GetParam())};
  const Trained gpu = train(model, device_source()), cpu = train(model, device_source().host());
  EXPECT_LE(gpu.kernels, 17u);
  EXPECT_EQ(gpu.copies, 0u) << "variables are written in place";
  for (size_t i = 0; i < cpu.outputs.size(); ++i)
    EXPECT_TRUE(close(gpu.outputs[i], cpu.outputs[i], {2e-3, 2e-4})) << "output " << i;
  for (size_t i = 0; i < cpu.variables.size(); ++i)
    EXPECT_TRUE(close(gpu.variables[i], cpu.variables[i], {1e-2, 1e-3})) << "variable " << i;
}

}  // namespace
}  // namespace kn::test
