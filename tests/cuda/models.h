// Small models that are built and trained through the core, on whichever device.
#pragma once

#include <functional>

#include "device_run.h"
#include "exec/batches.h"
#include "exec/runnable_plan.h"
#include "graph/gradient.h"
#include "ops/build.h"
#include "ops/loop.h"
#include "support/random_graph.h"

namespace kn::test {

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
    return ops::add(apply("matmul", {x, weight({inputs, outputs}, 0.3)}), weight({outputs}, 0.1));
  }

  void train_by_adam(const Value& loss) {
    const Value count = variable(filled(DType::f32, {}, 0));
    const Value t = ops::add(count, constant(1.0, DType::f32)), one = constant(1.0, DType::f32);
    const Value b1 = constant(0.9, DType::f32), b2 = constant(0.999, DType::f32);
    const Value correction = ops::div(apply("sqrt", {ops::sub(one, apply("pow", {b2, t}))}),
                                      ops::sub(one, apply("pow", {b1, t})));
    const Value rate = ops::scale(correction, 0.01);
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

inline constexpr Dim kClasses = 5;

struct Model {
  std::function<void(ModelBuilder&)> build;
  Shape x;  // of one sample
};

inline Value mean_loss(const Value& logits, const Value& labels) {
  return apply("mean", {apply("sparse_softmax_cross_entropy", {logits, labels})},
               {{"axes", Ints{0}}});
}

inline Model mlp() {
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
            b.graph.updates.push_back(
                {moving, ops::add(ops::scale(moving, 0.99), ops::scale(normal[1], 0.01))});
            b.train_by_adam(loss);
          },
          {20}};
}

inline Model cnn() {
  return {[](ModelBuilder& b) {
            const Value x = placeholder({DType::f32, {kUnknown, 8, 8, 2}}, "x");
            const Value y = placeholder({DType::i32, {kUnknown}}, "y");
            const Value first =
                apply("conv", {x, b.weight({3, 3, 2, 6}, 0.3)}, {{"padding", std::string("same")}});
            const Value active = apply("relu", {ops::add(first, b.weight({6}, 0.1))});
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

// An MLP in mixed precision: float32 weights, products and activations in `half`.
inline Model mixed_mlp(DType half) {
  return {[half](ModelBuilder& b) {
            const Value x = placeholder({DType::f32, {kUnknown, 20}}, "x");
            const Value y = placeholder({DType::i32, {kUnknown}}, "y");
            const auto narrow = [half](const Value& v) { return ops::cast(v, half); };
            const Value w = narrow(b.weight({20, 32}, 0.3)), bias = narrow(b.weight({32}, 0.1));
            const Value hidden = apply("tanh", {ops::add(apply("matmul", {narrow(x), w}), bias)});
            const Value out = apply("matmul", {hidden, narrow(b.weight({32, kClasses}, 0.3))});
            const Value loss = mean_loss(ops::cast(out, DType::f32), y);
            b.graph.inputs = {x, y};
            b.graph.outputs = {loss};
            b.train_by_adam(loss);
          },
          {20}};
}

// A recurrent layer as K.rnn writes it: a loop over the leading axis, with its gradient.
inline Model rnn() {
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
            const Value next = apply(
                "tanh", {ops::add(ops::add(drawn, apply("matmul", {state, recurrent})), bias)});
            const Value start = apply("zeros_like", {apply("matmul", {ops::sum(x, {1}), kernel})});
            const auto result =
                ops::make_loop({{steps}, {start}, {slice}, {state}, {next}, {next}, false, -1});
            const Value whole = apply("mean", {result.outputs[0]}, {{"axes", Ints{0}}});
            const Value loss =
                mean_loss(b.dense(ops::add(whole, result.states[0]), 10, kClasses), y);
            b.graph.inputs = {x, y};
            b.graph.outputs = {loss};
            b.train_by_adam(loss);
          },
          {6, 4}};
}

inline std::vector<HostTensor> batch(const Model& model, Dim rows, uint64_t seed) {
  Shape x = model.x;
  x.insert(0, rows);
  return {uniform(DType::f32, x, -1, 1, seed),
          uniform(DType::i32, {rows}, 0, kClasses - 1, seed + 1)};
}

inline std::vector<HostTensor> call(Executable& e, const std::vector<HostTensor>& feeds) {
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

}  // namespace kn::test
