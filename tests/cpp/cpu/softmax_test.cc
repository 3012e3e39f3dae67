// Softmax kernels at every size around their vectors, on every axis, and at the edges of float.
#include <gtest/gtest.h>

#include <cmath>

#include "support/fast_kernels.h"

namespace kn::test {
namespace {

void check(const char* op, const HostTensor& x, int64_t axis, const HostTensor* g = nullptr) {
  const Attrs attrs = {{"axis", axis}};
  KernelCall call{op, attrs, {&x}, {x.type()}};
  if (g) call.in.push_back(g);
  SCOPED_TRACE(concat_text(op, " of ", x.type(), " ", attrs));
  const auto want = run_reference(call);
  // The sums of gradients go through zero: what is left carries the error of n terms.
  const Dim n = x.shape()[normalize_axis(axis, x.shape().rank(), op)];
  const double terms = std::sqrt(static_cast<double>(n));
  const Tolerance tolerance =
      x.dtype() == DType::f32 ? Tolerance{2e-5, 2e-6 * terms} : Tolerance{1e-12, 1e-13 * terms};
  HostTensor one_thread = want[0];
  int run = 0;
  const int runs =
      for_each_fast_run(call, {}, [&](const std::vector<HostTensor>& got, const std::string& what) {
        EXPECT_TRUE(close(got[0], want[0], tolerance)) << what;
        if (run++ % 2 == 0) one_thread = got[0];
        else EXPECT_TRUE(same_bits(got[0], one_thread)) << what;
      });
  EXPECT_GT(runs, 0);
}

void check_all(const Shape& shape, int64_t axis, DType dtype) {
  const HostTensor x = uniform(dtype, shape, -9, 9, 1), g = uniform(dtype, shape, -2, 2, 2);
  const HostTensor p = uniform(dtype, shape, 0, 1, 3), logs = uniform(dtype, shape, -9, 0, 4);
  check("softmax", x, axis);
  check("log_softmax", x, axis);
  check("softmax_grad", p, axis, &g);
  check("log_softmax_grad", logs, axis, &g);
}

TEST(Softmax, EverySizeAroundTheVectors) {
  for (DType dtype : {DType::f32, DType::f64})
    for (Dim rows : {1, 3})
      for (Dim n = 1; n <= 70; ++n) check_all({rows, n}, -1, dtype);
}

TEST(Softmax, EveryAxis) {
  for (DType dtype : {DType::f32, DType::f64})
    for (const Shape& shape : {Shape{3, 4, 5}, Shape{2, 17, 33}, Shape{1, 9, 1}, Shape{4, 1, 130}})
      for (int64_t axis : {0, 1, 2}) check_all(shape, axis, dtype);
}

TEST(Softmax, LargeOnesAreSharedByThreads) {
  check_all({300, 200}, 1, DType::f32);
  check_all({60'000, 3}, 1, DType::f32);
  check_all({200, 700}, 0, DType::f32);
  check_all({8, 20, 500}, 1, DType::f64);
}

TEST(Softmax, Empty) {
  for (const Shape& shape : {Shape{0, 4}, Shape{4, 0}, Shape{2, 0, 3}})
    for (int64_t axis : {0, 1}) check_all(shape, axis, DType::f32);
}

TEST(Softmax, EdgesOfFloat) {
  const double inf = INFINITY, nan = std::nan("");
  const HostTensor x = tensor(DType::f32, {7, 4}, {3e38,  -3e38, 0,     1,      // one takes all
                                                   -3e38, -3e38, -3e38, -3e38,  // all alike
                                                   -inf,  1,     2,     -inf,   // masked
                                                   -inf,  -inf,  -inf,  -inf,   // all masked
                                                   inf,   1,     2,     3,      //
                                                   nan,   1,     2,     3,      //
                                                   -100,  0,     -80,   -87});
  check("softmax", x, 1);
  check("log_softmax", x, 1);
  check("softmax", x, 0);
}

TEST(Softmax, RowsSumToOne) {
  const HostTensor x = uniform(DType::f32, {50, 1000}, -20, 20, 5);
  const Attrs attrs = {};
  for_each_fast_run({"softmax", attrs, {&x}, {x.type()}}, {},
                    [](const std::vector<HostTensor>& got, const std::string& what) {
                      for (int r = 0; r < 50; ++r) {
                        double sum = 0;
                        for (int k = 0; k < 1000; ++k) sum += got[0].number_at(r * 1000 + k);
                        EXPECT_NEAR(sum, 1, 1e-6) << what;
                      }
                    });
}

}  // namespace
}  // namespace kn::test
