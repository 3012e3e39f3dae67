// Reductions over every set of axes, at the sizes where loops, tiles and parts change, and how
// exact sums are. The conformance list covers their meaning.
#include <gtest/gtest.h>

#include <cmath>

#include "cpu/reduce_plan.h"
#include "support/fast_kernels.h"

namespace kn::test {
namespace {

const DType kNumbers[] = {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8};

TensorType reduced_type(const HostTensor& x, const Ints& axes) {
  const AxisSet set = reduced_axes({{"axes", axes}}, x.shape().rank(), "test");
  Shape out;
  for (int i = 0; i < x.shape().rank(); ++i)
    if (!set[i]) out.push_back(x.shape()[i]);
  return {x.dtype(), out};
}

Tolerance tolerance_of(DType dtype, double scale) {
  if (dtype == DType::f32) return {2e-6, 2e-6 * scale};
  if (dtype == DType::f64) return {1e-13, 1e-13 * scale};
  return {};
}

// Every fast run within the tolerance of the reference, and all threads with the same bits.
void check(const char* op, const HostTensor& x, const Ints& axes, double scale = 1) {
  const Attrs attrs = {{"axes", axes}};
  const KernelCall call{op, attrs, {&x}, {reduced_type(x, axes)}};
  SCOPED_TRACE(concat_text(op, " of ", x.type(), " ", attrs));
  const auto want = run_reference(call);
  HostTensor one_thread = want[0];
  int run = 0;
  const int runs =
      for_each_fast_run(call, {}, [&](const std::vector<HostTensor>& got, const std::string& what) {
        EXPECT_TRUE(close(got[0], want[0], tolerance_of(x.dtype(), scale))) << what;
        if (run++ % 2 == 0) one_thread = got[0];
        else EXPECT_TRUE(same_bits(got[0], one_thread)) << what;
      });
  EXPECT_GT(runs, 0);
}

Ints axes_of(int mask) {
  Ints axes;
  for (int i = 0; mask >> i; ++i)
    if (mask >> i & 1) axes.push_back(i);
  return axes;
}

TEST(Reduce, EverySetOfFiveAxes) {
  for (const Shape& shape : {Shape{2, 3, 4, 3, 5}, Shape{3, 1, 2, 17, 1}, Shape{2, 0, 3, 1, 2}})
    for (int mask = 0; mask < 32; ++mask)
      for (DType dtype : kNumbers) {
        const HostTensor x = uniform(dtype, shape, -3, 3, 1);
        for (const char* op : {"sum", "mean", "max", "min"}) check(op, x, axes_of(mask), 10);
      }
}

TEST(Reduce, CenteredOnesOverEverySetOfAxes) {
  for (const Shape& shape : {Shape{2, 3, 4, 5}, Shape{19, 1, 2, 33}})
    for (int mask = 0; mask < 16; ++mask)
      for (DType dtype : {DType::f32, DType::f64}) {
        const HostTensor x = uniform(dtype, shape, -3, 3, 2);
        for (const char* op : {"var", "std", "logsumexp", "prod"}) check(op, x, axes_of(mask), 10);
      }
}

TEST(Reduce, EverySizeAroundTheVectors) {
  for (Dim n : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 257, 300})
    for (Dim m : {1, 2, 5, 17})
      for (DType dtype : kNumbers) {
        const HostTensor rows = uniform(dtype, {m, n}, -3, 3, 3);
        for (const char* op : {"sum", "max", "min"}) {
          check(op, rows, {1}, 10);
          check(op, rows, {0}, 10);
        }
      }
}

TEST(Reduce, LargeOnesAreCutIntoParts) {
  const Shape shapes[] = {{300'000}, {5, 70'001}, {70'001, 5}, {400, 500}, {40, 30, 200}};
  for (const Shape& shape : shapes)
    for (int mask = 0; mask < 1 << shape.rank(); ++mask)
      for (DType dtype : {DType::f32, DType::f64, DType::i64}) {
        const HostTensor x = uniform(dtype, shape, -3, 3, 4);
        for (const char* op : {"sum", "max", "min"}) check(op, x, axes_of(mask), 1000);
        if (is_float(dtype))
          for (const char* op : {"var", "logsumexp"}) check(op, x, axes_of(mask), 10);
      }
}

TEST(Reduce, Logical) {
  for (const Shape& shape : {Shape{1}, Shape{7, 70}, Shape{70, 7}, Shape{0, 3}, Shape{300, 400}})
    for (int mask = 0; mask < 1 << shape.rank(); ++mask)
      for (double value : {0.0, 1.0}) {
        HostTensor x = filled(DType::b8, shape, value);
        if (shape.elements() > 1) set_number(x, shape.elements() / 2, 1 - value);
        check("any", x, axes_of(mask));
        check("all", x, axes_of(mask));
      }
}

TEST(Reduce, NaNWins) {
  for (const Shape& shape : {Shape{3, 37}, Shape{37, 3}})
    for (Dim at : {0, 20, 36, 110}) {
      HostTensor x = uniform(DType::f32, shape, -3, 3, 5);
      set_number(x, at, std::nan(""));
      for (const char* op : {"sum", "max", "min", "logsumexp"})
        for (const Ints& axes : {Ints{0}, Ints{1}, Ints{0, 1}}) check(op, x, axes, 10);
    }
}

TEST(Reduce, Infinities) {
  HostTensor x = uniform(DType::f32, {4, 9}, -3, 3, 6);
  for (int i = 0; i < 9; ++i) set_number(x, i, -INFINITY);
  set_number(x, 12, INFINITY);
  for (const char* op : {"max", "min", "logsumexp"})
    for (const Ints& axes : {Ints{0}, Ints{1}, Ints{0, 1}}) check(op, x, axes);
}

// ---- How exact ----

double fast_sum(const char* op, const HostTensor& x, const Ints& axes) {
  const Attrs attrs = {{"axes", axes}};
  const KernelCall call{op, attrs, {&x}, {reduced_type(x, axes)}};
  double worst = 0, value = 0;
  const double want = run_reference(call)[0].number_at(0);
  for_each_fast_run(call, {}, [&](const std::vector<HostTensor>& got, const std::string&) {
    const double error = std::abs(got[0].number_at(0) - want);
    if (error >= worst) worst = error, value = got[0].number_at(0);
  });
  return value;
}

TEST(ReduceAccuracy, AMillionElements) {
  const HostTensor x = filled(DType::f32, {1'000'000}, 0.1);
  const double exact = 1e6 * static_cast<double>(0.1f);
  EXPECT_NEAR(fast_sum("sum", x, {0}), exact, 1e-6 * exact);
  const HostTensor tall = filled(DType::f32, {1'000'000, 1}, 0.1);
  EXPECT_NEAR(fast_sum("sum", tall, {0}), exact, 1e-6 * exact);
  const HostTensor table = filled(DType::f32, {250'000, 4}, 0.1);
  EXPECT_NEAR(fast_sum("sum", table, {0}), exact / 4, 1e-6 * exact / 4);
}

TEST(ReduceAccuracy, VarianceFarFromZero) {
  HostTensor x = uniform(DType::f32, {100'000}, -1, 1, 7);
  for (int64_t i = 0; i < 100'000; ++i) x.as<float>()[i] += 1000;
  EXPECT_NEAR(fast_sum("var", x, {0}), 1.0 / 3, 2e-3);
}

TEST(ReduceAccuracy, IntegersWrap) {
  const HostTensor x = filled(DType::u8, {1000}, 255);
  EXPECT_EQ(fast_sum("sum", x, {0}), 255 * 1000 % 256);
  EXPECT_EQ(fast_sum("mean", x, {0}), 255);
}

// ---- Positions ----

TEST(Position, FirstOfEqualOnesAndNaN) {
  for (Dim n : {1, 2, 7, 8, 16, 17, 33, 100})
    for (DType dtype : {DType::f32, DType::f64})
      for (const char* op : {"argmax", "argmin"}) {
        HostTensor x = uniform(DType::i32, {6, n}, -2, 2, 8);
        HostTensor f = tensor(dtype, {6, n}, numbers(x));
        if (n > 2) {
          set_number(f, n + 1, std::nan(""));
          set_number(f, 2 * n - 1, std::nan(""));
          for (Dim i = 0; i < n; ++i) set_number(f, 3 * n + i, op[3] == 'm' ? -INFINITY : INFINITY);
        }
        const Attrs attrs = {{"axis", 1}};
        expect_reference_bits({op, attrs, {&f}, {{DType::i64, {6}}}});
      }
}

TEST(Position, LargeOnesAreSharedByThreads) {
  const HostTensor x = uniform(DType::f32, {300, 1001}, -2, 2, 9);
  const Attrs attrs = {{"axis", -1}};
  expect_reference_bits({"argmax", attrs, {&x}, {{DType::i64, {300}}}});
}

// ---- The plan ----

TEST(ReducePlan, JoinsNeighboursAndDropsSizeOne) {
  const cpu::ReducePlan rows({4, 1, 5, 6, 7}, {false, true, false, true, true});
  EXPECT_TRUE(rows.by_rows);
  EXPECT_EQ(rows.lines, 20);
  EXPECT_EQ(rows.length, 42);
  EXPECT_EQ(rows.outer_kept.count() * rows.outer_reduced.count(), 1);
  const cpu::ReducePlan columns({4, 5, 6, 7}, {true, true, false, false});
  EXPECT_FALSE(columns.by_rows);
  EXPECT_EQ(columns.length, 20);
  EXPECT_EQ(columns.lines, 42);
}

TEST(ReducePlan, AlternatingAxesLeaveAnOuterWalk) {
  const cpu::ReducePlan plan({2, 3, 4, 5}, {true, false, true, false});
  EXPECT_EQ(plan.outer_reduced.count(), 2);
  EXPECT_EQ(plan.outer_reduced.offset(1), 60);
  EXPECT_EQ(plan.outer_kept.count(), 3);
  EXPECT_EQ(plan.outer_kept.offset(2), 40);
  EXPECT_EQ(plan.outputs, 15);
}

TEST(ReducePlan, SmallWorkIsOneTask) {
  const cpu::ReducePlan plan({32, 10}, {true, false});
  EXPECT_EQ(plan.tasks(), 1);
  EXPECT_EQ(plan.parts, 1);
}

TEST(ReducePlan, AFullSumIsCutIntoParts) {
  const cpu::ReducePlan plan({1 << 20}, {true});
  EXPECT_EQ(plan.tasks(), 1);
  EXPECT_EQ(plan.parts, 32);
}

}  // namespace
}  // namespace kn::test
