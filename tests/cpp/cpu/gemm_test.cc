// Matrix products on every instruction set against the reference: odd and empty sizes, all forms of
// transposition, leading dimensions, accumulation, epilogues; equal bits for any number of threads.
#include "cpu/gemm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/error.h"
#include "cpu/ref/gemm.h"
#include "runtime/device.h"
#include "runtime/thread_pool.h"
#include "support/kernels.h"

namespace kn::test {
namespace {

using cpu::Epilogue;
using cpu::Gemm;
using cpu::GemmShape;

struct Size {
  int64_t m, n, k;
};

std::string text(const GemmShape& s) {
  return concat_text(name_of(s.dtype), ' ', s.m, 'x', s.n, 'x', s.k, s.transpose_a ? " ta" : "",
                     s.transpose_b ? " tb" : "", s.accumulate ? " accumulated" : "", " ld ", s.lda,
                     ' ', s.ldb, ' ', s.ldc);
}

// The operands of a product, C between guards; rows are apart by the shape's leading dimensions.
class Operands {
 public:
  explicit Operands(const GemmShape& s)
      : shape_(s),
        a_(matrix(s, s.transpose_a ? s.k : s.m, s.row_a(), 1)),
        b_(matrix(s, s.transpose_b ? s.n : s.k, s.row_b(), 2)),
        c_(matrix(s, s.m, s.row_c(), 3)),
        bias_(uniform(s.dtype, Shape{s.n}, -1, 1, 4)) {}

  // Sets element (row, step) of op(A).
  void put(int64_t row, int64_t step, float x) {
    const int64_t apart = shape_.row_a();
    static_cast<float*>(a_.data())[shape_.transpose_a ? step * apart + row : row * apart + step] =
        x;
  }

  Epilogue epilogue(bool bias, Opcode activation) const {
    return {bias ? bias_.data() : nullptr, activation};
  }

  HostTensor reference(const Epilogue& epilogue) const {
    HostTensor c = c_;
    cpu::ref::gemm(shape_, a_.data(), b_.data(), c.data(), epilogue);
    return c;
  }

  HostTensor run(const Gemm& gemm, const Epilogue& epilogue, ThreadPool* pool) const {
    HostTensor c = c_;
    const size_t bytes = gemm.workspace_bytes();
    Buffer workspace(cpu_device(), bytes + kGuard);
    auto* memory = static_cast<unsigned char*>(workspace.data());
    std::fill_n(memory, bytes + kGuard, 0xff);  // NaN, and the guard
    gemm.run(a_.data(), b_.data(), c.data(), epilogue, pool, memory);
    for (size_t i = 0; i < kGuard; ++i) EXPECT_EQ(memory[bytes + i], 0xff) << text(shape_);
    return c;
  }

 private:
  static constexpr size_t kGuard = 64;

  static HostTensor matrix(const GemmShape& s, int64_t rows, int64_t row, uint64_t seed) {
    return uniform(s.dtype, Shape{rows, row}, -1, 1, seed);
  }

  GemmShape shape_;
  HostTensor a_, b_, c_, bias_;
};

Tolerance tolerance(const GemmShape& s) {
  const double steps = 4 + std::sqrt(static_cast<double>(s.k));
  return s.dtype == DType::f32 ? Tolerance{5e-5, 4e-7 * steps} : Tolerance{2e-12, 4e-15 * steps};
}

void check(const GemmShape& s, bool bias = false, Opcode activation = Opcode::copy) {
  const Operands operands(s);
  const Epilogue epilogue = operands.epilogue(bias, activation);
  const HostTensor want = operands.reference(epilogue);
  for (cpu::Isa isa : cpu::usable_isas()) {
    const IsaScope scope(isa);
    const HostTensor got = operands.run(Gemm(s), epilogue, nullptr);
    EXPECT_TRUE(close(got, want, tolerance(s))) << text(s) << " on " << cpu::name_of(isa);
  }
}

GemmShape shape_of(Size size, int form, DType dtype) {
  GemmShape s;
  s.dtype = dtype;
  s.m = size.m;
  s.n = size.n;
  s.k = size.k;
  s.transpose_a = form & 1;
  s.transpose_b = form & 2;
  return s;
}

constexpr DType kTypes[] = {DType::f32, DType::f64};

TEST(Gemm, SmallAndOddSizes) {
  const int64_t sizes[] = {0, 1, 2, 3, 5, 8, 12, 13, 16, 17, 25, 31, 33, 64, 65};
  int number = 0;
  for (int64_t m : sizes)
    for (int64_t n : sizes)
      for (int64_t k : {0, 1, 3, 16, 37})
        check(shape_of({m, n, k}, number % 4, kTypes[number / 4 % 2])), ++number;
}

// Several panels, passes, chunks and strips, cut parts of k, products computed turned around.
TEST(Gemm, EveryPathThroughTheLoops) {
  for (const Size& size : {Size{70, 130, 700},
                           {500, 70, 40},
                           {33, 40, 5000},
                           {10, 600, 64},
                           {600, 10, 64},
                           {300, 300, 300},
                           {1, 513, 700},
                           {513, 1, 700},
                           {700, 600, 520},
                           {25, 257, 1030},
                           {33, 1100, 300},
                           {900, 170, 50},
                           {270, 280, 290},
                           {121, 96, 2048}})
    for (int form = 0; form < 4; ++form)
      for (DType dtype : kTypes) check(shape_of(size, form, dtype));
}

// Products with vectors or few columns: all their forms, tiles cut off at their ends, parts of long
// sums, epilogues, rows apart.
TEST(Gemm, Vectors) {
  for (const Size& size : {Size{1, 70, 33},
                           {70, 1, 33},
                           {1, 16, 1},
                           {33, 2, 8},
                           {150, 67, 1},
                           {5, 3, 100},
                           {67, 4, 50},
                           {1, 3, 90},
                           {1, 1, 1000},
                           {1, 5000, 130},
                           {9000, 1, 40},
                           {1, 700, 2001}})
    for (int form = 0; form < 8; ++form)
      for (DType dtype : kTypes) {
        GemmShape s = shape_of(size, form, dtype);
        check(s);
        s.accumulate = form & 4;
        check(s, true, s.accumulate ? Opcode::tanh : Opcode::relu);
        s.lda = s.row_a() + 3;
        s.ldb = s.row_b() + 1;
        s.ldc = s.row_c() + 5;
        check(s, true);
      }
}

TEST(Gemm, LeadingDimensionsAndAccumulation) {
  for (const Size& size : {Size{5, 7, 9}, {37, 70, 33}, {100, 140, 650}, {260, 33, 300}})
    for (int form = 0; form < 4; ++form)
      for (bool accumulate : {false, true}) {
        GemmShape s = shape_of(size, form, form & 1 ? DType::f64 : DType::f32);
        s.lda = s.row_a() + 3;
        s.ldb = s.row_b() + 1;
        s.ldc = s.row_c() + 5;
        s.accumulate = accumulate;
        check(s);
        check(s, true, Opcode::relu);
        s.ldb = s.row_b() + 1024 - s.row_b() % 1024;
        s.lda = s.row_a() + 1024 - s.row_a() % 1024;
        check(s);
      }
}

TEST(Gemm, Epilogues) {
  for (Opcode activation :
       {Opcode::copy, Opcode::relu, Opcode::sigmoid, Opcode::hard_sigmoid, Opcode::tanh,
        Opcode::softplus, Opcode::softsign, Opcode::selu, Opcode::exp})
    for (const Size& size : {Size{3, 5, 4}, {40, 70, 30}, {20, 30, 4000}, {8, 500, 60}})
      for (int form : {0, 2})
        for (bool bias : {false, true})
          check(shape_of(size, form, bias ? DType::f32 : DType::f64), bias, activation);
}

TEST(Gemm, ReluKeepsNaN) {
  const GemmShape s = shape_of({1, 1, 1}, 0, DType::f32);
  const float nan = std::nanf(""), one = 1;
  for (cpu::Isa isa : cpu::usable_isas()) {
    const IsaScope scope(isa);
    float c = 0;
    const Gemm gemm(s);
    Buffer workspace(cpu_device(), gemm.workspace_bytes());
    gemm.run(&nan, &one, &c, {nullptr, Opcode::relu}, nullptr, workspace.data());
    EXPECT_TRUE(std::isnan(c)) << cpu::name_of(isa);
  }
}

// Products in thirds have no infinities of their own and must leave blocks with special values to
// plain tiles, wherever they lie and whatever the epilogue adds.
TEST(Gemm, InfinitiesAndNaN) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const float huge = std::numeric_limits<float>::max();
  for (const float strange : {inf, -inf, nan, huge})
    for (int form = 0; form < 4; ++form) {
      GemmShape s = shape_of({150, 170, 190}, form, DType::f32);
      s.accumulate = form == 1;
      Operands operands(s);
      operands.put(40, 180, strange);
      const Epilogue epilogue = operands.epilogue(true, Opcode::relu);
      const HostTensor want = operands.reference(epilogue);
      for (cpu::Isa isa : cpu::usable_isas()) {
        const IsaScope scope(isa);
        const HostTensor got = operands.run(Gemm(s), epilogue, nullptr);
        EXPECT_TRUE(close(got, want, tolerance(s)))
            << text(s) << " with " << strange << " on " << cpu::name_of(isa);
      }
    }
}

// Without an epilogue tiles write to a large C before anyone looks for what is strange.
TEST(Gemm, InfinitiesAndNaNOfFewSteps) {
  for (const float strange : {std::numeric_limits<float>::infinity(), std::nanf("")})
    for (int form = 0; form < 4; ++form) {
      const GemmShape s = shape_of({600, 310, 50}, form, DType::f32);
      Operands operands(s);
      operands.put(33, 7, strange);
      operands.put(599, 49, -strange);
      const HostTensor want = operands.reference({});
      for (cpu::Isa isa : cpu::usable_isas()) {
        const IsaScope scope(isa);
        const HostTensor got = operands.run(Gemm(s), {}, nullptr);
        EXPECT_TRUE(close(got, want, tolerance(s)))
            << text(s) << " with " << strange << " on " << cpu::name_of(isa);
      }
    }
}

// C as it is when it begins `offset` elements after a line of the cache.
HostTensor run_at(const GemmShape& s, const HostTensor& a, const HostTensor& b, int offset,
                  const Epilogue& epilogue) {
  const size_t size = s.dtype == DType::f32 ? 4 : 8, margin = 128;
  HostTensor c(TensorType{s.dtype, Shape{s.m, s.n}});
  const size_t bytes = size * static_cast<size_t>(s.m * s.n);
  Buffer memory(cpu_device(), bytes + 2 * margin);
  auto* begin = static_cast<unsigned char*>(memory.data());
  std::fill_n(begin, bytes + 2 * margin, 0xa5);
  unsigned char* at = begin + size * static_cast<size_t>(offset);
  const Gemm gemm(s);
  Buffer workspace(cpu_device(), gemm.workspace_bytes());
  if (s.accumulate) std::fill_n(at, bytes, 0);
  gemm.run(a.data(), b.data(), at, epilogue, &pool_of(3), workspace.data());
  const auto untouched = [](unsigned char byte) { return byte == 0xa5; };
  EXPECT_TRUE(std::all_of(begin, at, untouched)) << text(s) << " at " << offset;
  EXPECT_TRUE(std::all_of(at + bytes, begin + bytes + 2 * margin, untouched))
      << text(s) << " at " << offset;
  std::copy_n(at, bytes, static_cast<unsigned char*>(c.data()));
  return c;
}

// Blocks of C may begin where its lines do; what is in them may not depend on it, nor on the order
// in which blocks come (added to zeros, they come in another).
TEST(Gemm, SameBitsWhereverCBegins) {
  const float nan = std::nanf("");
  for (const auto& [size, form] : {std::pair{Size{32, 512, 128}, 0},
                                   {{128, 512, 32}, 1},
                                   {{64, 528, 60}, 1},
                                   {{90, 400, 40}, 0},
                                   {{32, 261, 300}, 0},
                                   {{32, 1100, 33}, 1},
                                   {{1510, 256, 40}, 1},
                                   {{1100, 192, 32}, 2},
                                   {{45, 640, 48}, 2}})
    for (DType dtype : kTypes)
      for (bool strange : {false, true})
        for (cpu::Isa isa : cpu::usable_isas()) {
          const IsaScope scope(isa);
          GemmShape s = shape_of(size, form, dtype);
          HostTensor a = uniform(dtype, Shape{s.m, s.k}, -1, 1, 1);
          const HostTensor b = uniform(dtype, Shape{s.k, s.n}, -1, 1, 2);
          if (strange && dtype == DType::f32) a.as<float>()[s.k * s.m / 2] = nan;
          const HostTensor bias = uniform(dtype, Shape{s.n}, -1, 1, 3);
          for (const Epilogue& epilogue : {Epilogue{}, Epilogue{bias.data(), Opcode::relu}}) {
            HostTensor want(TensorType{dtype, Shape{s.m, s.n}});
            cpu::ref::gemm(s, a.data(), b.data(), want.data(), epilogue);
            const HostTensor aligned = run_at(s, a, b, 0, epilogue);
            EXPECT_TRUE(close(aligned, want, tolerance(s))) << text(s) << cpu::name_of(isa);
            for (int offset = 1; offset < 16; offset += epilogue.bias ? 5 : 1)
              EXPECT_TRUE(same_bits(run_at(s, a, b, offset, epilogue), aligned))
                  << text(s) << " at " << offset << " on " << cpu::name_of(isa);
            if (epilogue.bias) continue;
            GemmShape added = s;
            added.accumulate = true;
            EXPECT_TRUE(same_bits(run_at(added, a, b, 4, epilogue), aligned))
                << text(added) << " on " << cpu::name_of(isa);
          }
        }
}

// The sum of |a·b| bounds what rounding may do: a float32 product in thirds loses no more than one
// by fused multiply-adds.
TEST(Gemm, AccuracyOfFloat32) {
  const GemmShape s = shape_of({64, 96, 1000}, 0, DType::f32);
  const HostTensor a = uniform(s.dtype, Shape{s.m, s.k}, -1, 1, 1);
  const HostTensor b = uniform(s.dtype, Shape{s.k, s.n}, -1, 1, 2);
  for (cpu::Isa isa : cpu::usable_isas()) {
    const IsaScope scope(isa);
    HostTensor c(TensorType{s.dtype, Shape{s.m, s.n}});
    const Gemm gemm(s);
    Buffer workspace(cpu_device(), gemm.workspace_bytes());
    gemm.run(a.data(), b.data(), c.data(), {}, nullptr, workspace.data());
    double worst = 0;
    for (int64_t i = 0; i < s.m; ++i)
      for (int64_t j = 0; j < s.n; ++j) {
        double sum = 0, size = 0;
        for (int64_t p = 0; p < s.k; ++p) {
          const double x =
              static_cast<double>(a.as<float>()[i * s.k + p]) * b.as<float>()[p * s.n + j];
          sum += x;
          size += std::abs(x);
        }
        worst = std::max(worst, std::abs(sum - c.as<float>()[i * s.n + j]) / size);
      }
    EXPECT_LT(worst, 4e-7) << cpu::name_of(isa);
  }
}

// Threads divide the work as they like, yet every element is summed in one order: also where plans
// for other numbers of threads cut C differently.
TEST(Gemm, SameBitsForAnyNumberOfThreads) {
  const int before = global_pool().threads();
  for (const Size& size : {Size{200, 300, 400},
                           {64, 784, 100},
                           {30, 40, 20000},
                           {2000, 33, 50},
                           {128, 1000, 1000},
                           {32, 520, 130},
                           {130, 520, 32},
                           {1, 5000, 700},
                           {700, 1, 5000},
                           {3000, 3, 100}})
    for (int form = 0; form < 8; ++form) {
      const GemmShape s = shape_of(size, form & 3, form & 4 ? DType::f64 : DType::f32);
      const Operands operands(s);
      const HostTensor want = operands.run(Gemm::single_threaded(s), {}, nullptr);
      for (int threads : {1, 2, 3, 8}) {
        global_pool().set_threads(threads);
        const Gemm gemm(s);
        EXPECT_TRUE(same_bits(operands.run(gemm, {}, &pool_of(threads)), want)) << text(s);
        EXPECT_TRUE(same_bits(operands.run(gemm, {}, &pool_of(3)), want)) << text(s);
      }
    }
  global_pool().set_threads(before);
}

}  // namespace
}  // namespace kn::test
