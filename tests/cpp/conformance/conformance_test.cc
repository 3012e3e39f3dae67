// What every row of the list must pass; see case.h.
#include <algorithm>
#include <cmath>
#include <set>

#include "conformance/row.h"
#include "graph/gradient.h"
#include "support/interpreter.h"
#include "support/kernels.h"

namespace kn::test {
namespace {

constexpr double kStep = 1e-5;           // of the central differences
constexpr int64_t kMaxDifferences = 24;  // elements per input that are compared

// ---- Forward ----

void expect_close(const Case& c, const std::vector<HostTensor>& got,
                  const std::vector<HostTensor>& want, const std::string& what) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const DType t = want[i].dtype();
    const Tolerance tolerance = t == DType::f32 ? c.f32 : t == DType::f64 ? c.f64 : Tolerance{};
    EXPECT_TRUE(close(got[i], want[i], tolerance)) << what << ", output " << i;
  }
}

void expect_same(const std::vector<HostTensor>& got, const std::vector<HostTensor>& want,
                 const std::string& what) {
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_TRUE(same_bits(got[i], want[i])) << what << ", output " << i;
}

void check_kernel(const Case& c, const Kernel& kernel, const KernelCall& call,
                  const std::vector<HostTensor>& want, const std::string& what) {
  const auto base = run_kernel(kernel, call);
  expect_close(c, base, want, what);
  expect_same(run_kernel(kernel, call, {.threads = 3}), base, what + ", three threads");
  expect_close(c, run_kernel(kernel, call, {.misalign = 8}), want, what + ", misaligned");
  expect_same(run_kernel(kernel, call, {.use_in_place = true}), base, what + ", in place");
}

void check_forward(const Case& c, DType dtype) {
  const auto inputs = draw_inputs(c, dtype);
  const NodePtr exact = exact_node(c, inputs);
  if (exact->op->is(kAlias) || exact->op->is(kSource) || resolved_by_plan(c.op)) return;
  const KernelCall call = call_of(c, exact, inputs);
  const auto want = run_reference(call);
  expect_same(run_reference(call, {.use_in_place = true}), want,
              text_of(c, dtype) + ", reference in place");
  const auto candidates = cpu::kernels().candidates(c.op);
  std::set<std::string> made;
  for (cpu::Isa isa : cpu::usable_isas()) {
    IsaScope scope(isa);
    for (const Candidate& candidate : candidates.first(candidates.size() - 1)) {
      std::string refusal;
      const auto kernel = make_kernel(candidate, call, refusal);
      const std::string what =
          concat_text(text_of(c, dtype), " by ", candidate.name, " on ", cpu::name_of(isa));
      if (!kernel) {
        EXPECT_FALSE(refusal.empty()) << what << " refused without a reason";
        continue;
      }
      made.insert(std::string(candidate.name));
      check_kernel(c, *kernel, call, want, what);
    }
  }
  for (const std::string& name : c.must_make)
    EXPECT_TRUE(made.count(name)) << text_of(c, dtype) << ": " << name << " refused";
}

// ---- Shapes ----

void check_open_shape(const Case& c, DType dtype) {
  const auto inputs = draw_inputs(c, dtype);
  const NodePtr exact = exact_node(c, inputs);
  std::vector<Value> open;
  for (size_t i = 0; i < inputs.size(); ++i) {
    TensorType type = inputs[i]->type();
    if (c.args[i].constant) {
      open.push_back(constant(inputs[i]));
      continue;
    }
    if (type.shape.rank() > 0 && is_float(type.dtype)) type.shape[0] = kUnknown;
    open.push_back(placeholder(type, concat_text("x", i)));
  }
  const auto outputs = apply_all(c.op, open, c.attrs, c.payload);
  ASSERT_EQ(outputs.size(), exact->outputs.size()) << text_of(c, dtype);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Shape &got = outputs[i].shape(), &want = exact->outputs[i].shape;
    ASSERT_EQ(outputs[i].dtype(), exact->outputs[i].dtype) << text_of(c, dtype);
    ASSERT_EQ(got.rank(), want.rank()) << text_of(c, dtype);
    for (int d = 0; d < got.rank(); ++d)
      EXPECT_TRUE(got[d] == kUnknown || got[d] == want[d])
          << text_of(c, dtype) << ": " << to_string(got) << " inferred, " << to_string(want)
          << " in truth";
  }
}

// ---- Gradients, in float64 ----

// The op over placeholders whose first extent is unknown, and a weight per float output: the loss
// is the sum of outputs times weights, so that all outputs take part in one gradient.
class GradientCheck {
 public:
  explicit GradientCheck(const Case& c) : case_(c), inputs_(draw_inputs(c, DType::f64)) {
    std::vector<Value> nodes;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      TensorType type = inputs_[i]->type();
      const bool fixed = c.args[i].constant || !is_float(type.dtype);
      if (!fixed && c.open_batch && type.shape.rank() > 0) type.shape[0] = kUnknown;
      nodes.push_back(fixed ? constant(inputs_[i]) : placeholder(type, concat_text("x", i)));
      if (fixed) continue;
      env_.feeds[nodes.back()] = inputs_[i];
      wrt_.push_back(nodes.back());
      wrt_index_.push_back(i);
    }
    outputs_ = apply_all(c.op, nodes, c.attrs, c.payload);
  }

  void first() {
    if (float_outputs(outputs_).empty()) return;
    const auto got = evaluate_gradients(float_outputs(outputs_), 1000);
    compare(got, float_outputs(outputs_), 1000, "gradient");
  }

  // The gradient of sum(first gradient * weights), by the same differences of the first gradient.
  void second() {
    if (float_outputs(outputs_).empty()) return;
    const Value loss = weighted_sum(float_outputs(outputs_), 1000);
    const auto grads = gradients(loss, wrt_);
    std::vector<Value> present;
    for (const Value& g : grads)
      if (g) present.push_back(g);
    if (present.empty()) return;
    const auto got = evaluate_gradients(present, 2000);
    compare(got, present, 2000, "second gradient");
  }

 private:
  static std::vector<Value> float_outputs(const std::vector<Value>& values) {
    std::vector<Value> floats;
    for (const Value& v : values)
      if (is_float(v.dtype())) floats.push_back(v);
    return floats;
  }

  // Weights for `targets`, drawn at their concrete shapes; fed to one placeholder each.
  Value weighted_sum(const std::vector<Value>& targets, uint64_t seed) {
    const auto now = evaluate(targets, env_);
    Value total;
    for (size_t i = 0; i < targets.size(); ++i) {
      const Value w = placeholder(targets[i].type(), concat_text("w", i));
      env_.feeds[w] =
          std::make_shared<HostTensor>(uniform(DType::f64, now[i].shape(), 0.5, 1.5, seed + i));
      const Value part = apply("sum", {apply("mul", {targets[i], w})}, {});
      total = total ? apply("add", {total, part}) : part;
    }
    return total;
  }

  std::vector<std::pair<size_t, HostTensor>> evaluate_gradients(const std::vector<Value>& targets,
                                                                uint64_t seed) {
    const auto grads = gradients(weighted_sum(targets, seed), wrt_);
    std::vector<Value> present;
    std::vector<size_t> index;
    for (size_t i = 0; i < grads.size(); ++i) {
      if (!grads[i]) continue;
      present.push_back(grads[i]);
      index.push_back(i);
    }
    auto values = evaluate(present, env_);
    std::vector<std::pair<size_t, HostTensor>> result;
    for (size_t i = 0; i < values.size(); ++i) result.emplace_back(index[i], std::move(values[i]));
    return result;
  }

  double loss_at(const std::vector<Value>& targets, uint64_t seed) {
    const auto now = evaluate(targets, env_);
    double total = 0;
    for (size_t i = 0; i < now.size(); ++i) {
      const HostTensor w = uniform(DType::f64, now[i].shape(), 0.5, 1.5, seed + i);
      for (Dim k = 0; k < now[i].shape().elements(); ++k)
        total += now[i].number_at(k) * w.number_at(k);
    }
    return total;
  }

  // An input without a gradient must leave the targets unchanged: it is compared with zero.
  void compare(const std::vector<std::pair<size_t, HostTensor>>& got,
               const std::vector<Value>& targets, uint64_t seed, const char* what) {
    for (size_t w = 0; w < wrt_.size(); ++w) {
      const HostTensor* gradient = nullptr;
      for (const auto& [i, t] : got)
        if (i == w) gradient = &t;
      const HostTensor& x = *inputs_[wrt_index_[w]];
      if (gradient) {
        ASSERT_EQ(gradient->shape(), x.shape())
            << text_of(case_, DType::f64) << ": shape of the " << what << " of input " << w;
      }
      const Dim n = x.shape().elements();
      const Dim stride = std::max<Dim>(1, n / kMaxDifferences);
      for (Dim k = 0; k < n; k += stride) {
        const double difference = central_difference(w, k, targets, seed);
        const double value = gradient ? gradient->number_at(k) : 0.0;
        const Tolerance t = case_.gradient_tolerance;
        ASSERT_LE(std::abs(value - difference), t.absolute + t.relative * std::abs(difference))
            << text_of(case_, DType::f64) << ": " << what << " of input " << w << " at " << k
            << " is " << value << ", by finite differences " << difference;
      }
    }
  }

  double central_difference(size_t w, Dim k, const std::vector<Value>& targets, uint64_t seed) {
    const HostTensorPtr original = env_.feeds[wrt_[w]];
    double loss[2];
    for (int side = 0; side < 2; ++side) {
      HostTensor moved = *original;
      set_number(moved, k, original->number_at(k) + (side ? kStep : -kStep));
      env_.feeds[wrt_[w]] = std::make_shared<HostTensor>(std::move(moved));
      loss[side] = loss_at(targets, seed);
    }
    env_.feeds[wrt_[w]] = original;
    return (loss[1] - loss[0]) / (2 * kStep);
  }

  const Case& case_;
  std::vector<HostTensorPtr> inputs_;
  std::vector<Value> wrt_;
  std::vector<size_t> wrt_index_;
  std::vector<Value> outputs_;
  Environment env_;
};

bool has_float_path(const Case& c) {
  const OpDef* op = find_op(c.op);
  if (!op || !op->gradient) return false;
  if (std::find(c.dtypes.begin(), c.dtypes.end(), DType::f64) == c.dtypes.end()) return false;
  bool any = false;
  for (const Arg& a : c.args) any = any || a.follows_type || is_float(a.dtype);
  return any;
}

// ---- The tests ----

class Conformance : public ::testing::TestWithParam<const Case*> {};

TEST_P(Conformance, ForwardAgreesWithTheReference) {
  for (DType dtype : GetParam()->dtypes) check_forward(*GetParam(), dtype);
}

TEST_P(Conformance, InfersShapesWithAnUnknownBatch) {
  if (GetParam()->open_batch) check_open_shape(*GetParam(), GetParam()->dtypes[0]);
}

TEST_P(Conformance, GradientAgreesWithFiniteDifferences) {
  if (GetParam()->check_gradient && has_float_path(*GetParam())) GradientCheck(*GetParam()).first();
}

TEST_P(Conformance, SecondGradientAgreesWithFiniteDifferences) {
  if (GetParam()->check_second && has_float_path(*GetParam())) GradientCheck(*GetParam()).second();
}

std::vector<const Case*> pointers() {
  std::vector<const Case*> rows;
  for (const Case& c : all_cases()) rows.push_back(&c);
  return rows;
}

std::string test_name(const ::testing::TestParamInfo<const Case*>& info) {
  return row_name(*info.param, info.index);
}

INSTANTIATE_TEST_SUITE_P(All, Conformance, ::testing::ValuesIn(pointers()), test_name);

TEST(OpList, EveryOpHasARow) {
  std::set<std::string_view> covered;
  for (const Case& c : all_cases()) covered.insert(c.op);
  for (const OpDef* op : all_ops())
    EXPECT_TRUE(op->is(kSource) || op->name == "loop" || covered.count(op->name))
        << op->name << " is in no row";
}

TEST(OpList, EveryRowHasAnOp) {
  for (const Case& c : all_cases()) EXPECT_NE(find_op(c.op), nullptr) << c.op;
}

TEST(OpList, EveryOpHasAReferenceKernel) {
  for (const OpDef* op : all_ops()) {
    if (op->is(kSource) || op->is(kAlias) || resolved_by_plan(op->name)) continue;
    const auto candidates = cpu::kernels().candidates(op->name);
    ASSERT_FALSE(candidates.empty()) << op->name << " has no kernel";
    EXPECT_EQ(candidates.back().name, "ref") << op->name << ": the last candidate";
  }
}

TEST(OpList, EveryOpHasAGradientOrAReason) {
  for (const OpDef* op : all_ops())
    EXPECT_NE(op->gradient != nullptr, !op->no_gradient.empty())
        << op->name << " must have either a gradient or a reason why not";
}

}  // namespace
}  // namespace kn::test
