// Cross-entropy kernels at every size around their vectors, with clipped probabilities and labels
// out of range.
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "support/fast_kernels.h"

namespace kn::test {
namespace {

struct Inputs {
  HostTensor x, target, g;
};

bool is_sparse(std::string_view op) { return op.find("sparse") != std::string_view::npos; }
bool is_gradient(std::string_view op) { return op.ends_with("_grad"); }

const char* const kOps[] = {"softmax_cross_entropy",
                            "softmax_cross_entropy_grad",
                            "sparse_softmax_cross_entropy",
                            "sparse_softmax_cross_entropy_grad",
                            "categorical_crossentropy",
                            "categorical_crossentropy_grad",
                            "sparse_categorical_crossentropy",
                            "sparse_categorical_crossentropy_grad",
                            "softmax_categorical_crossentropy",
                            "softmax_categorical_crossentropy_grad",
                            "softmax_sparse_categorical_crossentropy",
                            "softmax_sparse_categorical_crossentropy_grad",
                            "softmax_with_cross_entropy",
                            "softmax_with_sparse_cross_entropy"};

std::vector<HostTensor> check(std::string_view op, const Inputs& in, double epsilon) {
  const Attrs attrs = {{"epsilon", epsilon}};
  const TensorType rows = in.x.type(), each{in.x.dtype(), {in.x.shape()[0]}};
  KernelCall call{op, attrs, {&in.x, &in.target}, {}};
  if (is_gradient(op)) call.in.push_back(&in.g);
  if (is_gradient(op)) call.out = {rows};
  else if (op.starts_with("softmax_") && op != "softmax_cross_entropy") call.out = {rows, each};
  else call.out = {each};
  SCOPED_TRACE(concat_text(op, " of ", in.x.type(), " ", attrs));
  const auto want = run_reference(call);
  const Tolerance tolerance =
      in.x.dtype() == DType::f32 ? Tolerance{3e-5, 3e-6} : Tolerance{1e-11, 1e-12};
  std::vector<HostTensor> one_thread;
  int run = 0;
  const int runs =
      for_each_fast_run(call, {}, [&](const std::vector<HostTensor>& got, const std::string& what) {
        for (size_t i = 0; i < got.size(); ++i) {
          EXPECT_TRUE(close(got[i], want[i], tolerance)) << what << ", output " << i;
          EXPECT_TRUE(run % 2 == 0 || same_bits(got[i], one_thread[i])) << what;
        }
        if (run++ % 2 == 0) one_thread = got;
      });
  EXPECT_GT(runs, 0);
  return want;
}

// Targets of any mass per row: not only those that sum to one.
Inputs draw(std::string_view op, DType dtype, Dim rows, Dim n) {
  const bool probabilities = op.find("categorical") != std::string_view::npos &&
                             (!op.starts_with("softmax_") || is_gradient(op));
  return {probabilities ? uniform(dtype, {rows, n}, 0.01, 0.99, 1)
                        : uniform(dtype, {rows, n}, -8, 8, 1),
          is_sparse(op) ? uniform(DType::i32, {rows}, 0, static_cast<double>(n - 1), 2)
                        : uniform(dtype, {rows, n}, 0, 1, 2),
          uniform(dtype, {rows}, -2, 2, 3)};
}

TEST(Loss, EverySizeAroundTheVectors) {
  for (const char* op : kOps)
    for (DType dtype : {DType::f32, DType::f64})
      for (Dim n = 1; n <= 70; n += n < 36 ? 1 : 7) {
        check(op, draw(op, dtype, 3, n), 1e-7);
        check(op, draw(op, dtype, 2, n), 0.13);  // clips a good part of random probabilities
      }
}

TEST(Loss, LargeOnesAreSharedByThreads) {
  for (const char* op : kOps) {
    check(op, draw(op, DType::f32, 7000, 10), 1e-7);
    check(op, draw(op, DType::f32, 70, 1000), 1e-7);
  }
}

TEST(Loss, NoClassesAndNoRows) {
  for (const char* op : kOps) check(op, draw(op, DType::f32, 0, 10), 1e-7);
}

TEST(Loss, LabelsOutOfRangeGiveNaNAndNoGradient) {
  for (const char* op : kOps) {
    if (!is_sparse(op)) continue;
    for (Dim n : {3, 40}) {
      Inputs in = draw(op, DType::f32, 6, n);
      in.target = tensor(
          DType::f64, {6},
          {0, -1, static_cast<double>(n), 1e300, std::nan(""), static_cast<double>(n) - 0.5});
      const auto got = check(op, in, 1e-7);
      for (int r : {1, 2, 3, 4}) {
        if (is_gradient(op)) {
          for (Dim k = 0; k < n; ++k) EXPECT_EQ(got[0].number_at(r * n + k), 0) << op;
        } else {
          EXPECT_TRUE(std::isnan(got.back().number_at(r))) << op;
        }
      }
      EXPECT_FALSE(std::isnan(got.back().number_at(is_gradient(op) ? 5 * n : 5))) << op;
    }
  }
}

TEST(Loss, LabelsOfEveryDtype) {
  for (DType dtype : {DType::i32, DType::i64, DType::u8, DType::b8, DType::f32, DType::f64}) {
    Inputs in = draw("sparse_softmax_cross_entropy", DType::f32, 4, 5);
    in.target = tensor(dtype, {4}, {1, 0, 0, 1});
    check("sparse_softmax_cross_entropy", in, 1e-7);
  }
}

// What Keras 2.3.1 computes for a prediction of exactly 0 or 1.
TEST(Loss, TheClip) {
  const double e = 1e-7;
  Inputs in{tensor(DType::f64, {2, 2}, {0, 1, 0.25, 0.75}),
            tensor(DType::f64, {2, 2}, {1, 0, 1, 0}), tensor(DType::f64, {2}, {1, 1})};
  const auto loss = check("categorical_crossentropy", in, e);
  EXPECT_NEAR(loss[0].number_at(0), -std::log(e), 1e-9);
  EXPECT_NEAR(loss[0].number_at(1), -std::log(0.25), 1e-12);
  const auto grad = check("categorical_crossentropy_grad", in, e);
  EXPECT_EQ(grad[0].number_at(0), 0);
  EXPECT_EQ(grad[0].number_at(1), 0);
  EXPECT_NEAR(grad[0].number_at(2), 1 - 1 / 0.25, 1e-12);
  EXPECT_NEAR(grad[0].number_at(3), 1, 1e-12);
}

// The gradient through a softmax in one step is that of the two steps.
TEST(Loss, FusedGradientIsTheChain) {
  for (bool sparse : {false, true})
    for (double epsilon : {1e-7, 0.1}) {
      const std::string loss =
          sparse ? "sparse_categorical_crossentropy" : "categorical_crossentropy";
      const std::string fused = "softmax_" + loss;
      Inputs in = draw(fused, DType::f64, 6, 5);
      const auto forward = check(fused, in, epsilon);
      in.x = forward[0];
      const HostTensor dp = check(loss + "_grad", in, epsilon)[0];
      const HostTensor dx = check(fused + "_grad", in, epsilon)[0];
      const Attrs attrs = {};
      const auto chain = run_reference({"softmax_grad", attrs, {&in.x, &dp}, {dp.type()}});
      EXPECT_TRUE(close(dx, chain[0], {1e-9, 1e-10})) << fused;
    }
}

// The first fast candidate on the current instruction set.
std::vector<HostTensor> run_fast(const KernelCall& call) {
  std::string refusal;
  const auto kernel = make_kernel(cpu::kernels().candidates(call.op)[0], call, refusal);
  if (!kernel) throw RuntimeError(refusal);
  return run_kernel(*kernel, call);
}

HostTensor argmax(const HostTensor& x) {
  const Attrs last = {{"axis", int64_t{-1}}};
  return run_fast({"argmax", last, {&x}, {{DType::i64, {x.shape()[0]}}}})[0];
}

// Loss, gradient, hits and probabilities by a kernel each, in the order of the step's outputs.
std::vector<HostTensor> by_single_ops(const std::string& op, const Attrs& attrs, const Inputs& in) {
  const TensorType x = in.x.type(), each{x.dtype, {x.shape[0]}};
  auto forward = run_fast({op, attrs, {&in.x, &in.target}, {x, each}});
  HostTensor g = in.g;
  for (Dim i = 0; i < x.shape[0]; ++i) set_number(g, i, 0.5 * in.g.number_at(i));
  const std::string gradient = is_sparse(op) ? "softmax_sparse_categorical_crossentropy_grad"
                                             : "softmax_categorical_crossentropy_grad";
  HostTensor dx = run_fast({gradient, attrs, {&forward[0], &in.target, &g}, {x}})[0];
  const HostTensor found = argmax(forward[0]),
                   wanted = is_sparse(op) ? in.target : argmax(in.target);
  HostTensor hits = filled(x.dtype, {x.shape[0]}, 0);
  for (Dim i = 0; i < x.shape[0]; ++i)
    set_number(hits, i, found.number_at(i) == wanted.number_at(i));
  std::vector<HostTensor> all;
  for (HostTensor* t : {&dx, &forward[1], &hits, &forward[0]}) all.push_back(std::move(*t));
  return all;
}

TEST(LossStep, GivesTheBitsOfSingleOps) {
  for (const std::string op :
       {"softmax_categorical_crossentropy", "softmax_sparse_categorical_crossentropy",
        "softmax_with_cross_entropy", "softmax_with_sparse_cross_entropy"})
    for (DType dtype : {DType::f32, DType::f64})
      for (const auto& [rows, n] : {std::pair<Dim, Dim>{3, 1}, {150, 10}, {70, 33}, {9, 100}}) {
        const Inputs in = draw(op, dtype, rows, n);
        const TensorType x = in.x.type(), each{dtype, {rows}};
        const double epsilon = op.starts_with("softmax_with") ? 0 : 0.13;
        const Attrs attrs = {{"epsilon", epsilon}, {"scale", 0.5}, {"hits", true}, {"keep", true}};
        const Attrs thrifty = {{"epsilon", epsilon}, {"scale", 0.5}};
        const std::string step = op + "_step";
        const std::vector<const HostTensor*> operands = {&in.x, &in.target, &in.g};
        for (const bool over : {false, true}) {
          RunOptions options;
          options.use_in_place = over;
          const auto expect_bits = [&](const std::vector<HostTensor>& got,
                                       const std::string& what) {
            const auto want = by_single_ops(op, attrs, in);
            for (size_t i = 0; i < got.size(); ++i)
              EXPECT_TRUE(same_bits(got[i], want[i])) << what << ", output " << i;
          };
          EXPECT_GT(
              for_each_fast_run({step, attrs, operands, {x, each, each, x}}, options, expect_bits),
              0);
          for_each_fast_run({step, thrifty, operands, {x, each}}, options, expect_bits);
        }
      }
}

}  // namespace
}  // namespace kn::test
