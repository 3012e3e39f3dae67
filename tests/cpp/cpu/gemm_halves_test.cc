// bfloat16 products against sums in float64: odd sizes, all forms of transposition, batches,
// epilogues; the same bits for any number of threads.
#include <cmath>

#include "base/half.h"
#include "support/fast_kernels.h"

namespace kn::test {
namespace {

struct Size {
  Dim m, n, k;
};

HostTensor halves(Shape shape, uint64_t seed) {
  const HostTensor from = uniform(DType::f32, shape, -1, 1, seed);
  HostTensor t({DType::bf16, shape});
  for (Dim i = 0; i < shape.elements(); ++i)
    t.as<uint16_t>()[i] = float_to_bf16(from.as<float>()[i]);
  return t;
}

struct Product {
  Size size;
  bool ta, tb, has_bias;
  std::string activation;
  HostTensor a, b, bias;

  Product(Size s, bool ta, bool tb, bool has_bias = false, std::string activation = "")
      : size(s),
        ta(ta),
        tb(tb),
        has_bias(has_bias),
        activation(std::move(activation)),
        a(halves(ta ? Shape{s.k, s.m} : Shape{s.m, s.k}, 1)),
        b(halves(tb ? Shape{s.n, s.k} : Shape{s.k, s.n}, 2)),
        bias(halves({s.n}, 3)) {}

  double exact(Dim i, Dim j) const {
    double sum = has_bias ? bias.number_at(j) : 0;
    for (Dim p = 0; p < size.k; ++p)
      sum += a.number_at(ta ? p * size.m + i : i * size.k + p) *
             b.number_at(tb ? j * size.k + p : p * size.n + j);
    if (activation == "relu") return std::max(sum, 0.0);
    if (activation == "tanh") return std::tanh(sum);
    return activation == "sigmoid" ? 1 / (1 + std::exp(-sum)) : sum;
  }

  void check(const HostTensor& got, const std::string& what) const {
    const Dim step = size.m * size.n > 20000 ? 37 : 1;  // the reference is slow
    for (Dim at = 0; at < size.m * size.n; at += step) {
      const double want = exact(at / size.n, at % size.n);
      // One rounding to 8 bits, and that of the sum before it.
      const double allowed = std::abs(want) * 0x1.1p-8 + 1e-6 * static_cast<double>(size.k);
      ASSERT_NEAR(got.number_at(at), want, allowed)
          << what << " " << size.m << "x" << size.n << "x" << size.k << " ta " << ta << " tb " << tb
          << " at " << at;
    }
  }

  void run() const {
    const Attrs attrs{{"transpose_a", ta}, {"transpose_b", tb}, {"activation", activation}};
    std::vector<const HostTensor*> in = {&a, &b};
    if (has_bias) in.push_back(&bias);
    const KernelCall call{"matmul", attrs, in, {{DType::bf16, {size.m, size.n}}}};
    std::vector<HostTensor> first;
    for_each_fast_run(call, {}, [&](const std::vector<HostTensor>& got, const std::string& what) {
      check(got[0], what);
      if (first.empty()) first = got;
      EXPECT_TRUE(same_bits(got[0], first[0])) << what;
    });
  }
};

TEST(GemmHalves, AllFormsOfOddSizes) {
  for (const Size& s : {Size{1, 200, 300},
                        {64, 64, 64},
                        {33, 47, 65},
                        {130, 10, 513},
                        {17, 600, 31},
                        {300, 70, 1025},
                        {257, 513, 40},
                        {40, 30, 1537}})
    for (bool ta : {false, true})
      for (bool tb : {false, true}) Product(s, ta, tb).run();
}

TEST(GemmHalves, BiasAndActivationComeBeforeTheRounding) {
  for (const char* activation : {"", "relu", "tanh", "sigmoid"})
    for (const Size& s : {Size{70, 45, 90}, {33, 100, 600}})
      Product(s, false, false, true, activation).run();
}

TEST(GemmHalves, ManyChunks) { Product({700, 900, 600}, false, true, true, "relu").run(); }

TEST(GemmHalves, Batches) {
  const HostTensor a = halves({3, 50, 40}, 5), b = halves({3, 40, 30}, 6);
  const Attrs attrs{{"transpose_a", false}, {"transpose_b", false}};
  for_each_fast_run(
      {"matmul", attrs, {&a, &b}, {{DType::bf16, {3, 50, 30}}}}, {},
      [&](const std::vector<HostTensor>& got, const std::string& what) {
        for (Dim at = 0; at < 3 * 50 * 30; ++at) {
          const Dim z = at / 1500, i = at / 30 % 50, j = at % 30;
          double sum = 0;
          for (Dim p = 0; p < 40; ++p)
            sum += a.number_at((z * 50 + i) * 40 + p) * b.number_at((z * 40 + p) * 30 + j);
          ASSERT_NEAR(got[0].number_at(at), sum, std::abs(sum) * 0x1.1p-8 + 1e-5) << what;
        }
      });
}

TEST(GemmHalves, NanAndInfinityStayWhereTheyAre) {
  HostTensor a = halves({40, 64}, 1);
  const HostTensor b = halves({64, 48}, 2);
  a.as<uint16_t>()[3 * 64 + 5] = float_to_bf16(HUGE_VALF);
  a.as<uint16_t>()[9 * 64 + 7] = float_to_bf16(NAN);
  const Attrs attrs;
  for_each_fast_run({"matmul", attrs, {&a, &b}, {{DType::bf16, {40, 48}}}}, {},
                    [&](const std::vector<HostTensor>& got, const std::string& what) {
                      for (Dim at = 0; at < 40 * 48; ++at) {
                        const double x = got[0].number_at(at);
                        if (at / 48 == 3) EXPECT_TRUE(std::isinf(x)) << what;
                        else EXPECT_EQ(std::isnan(x), at / 48 == 9) << what;
                      }
                    });
}

}  // namespace
}  // namespace kn::test
