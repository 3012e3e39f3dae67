// Random numbers: the published vectors of Philox, the same bits everywhere, and the moments of
// each distribution.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "runtime/philox.h"
#include "support/fast_kernels.h"

namespace kn::test {
namespace {

void expect_words(const Philox& got, std::initializer_list<uint32_t> want) {
  EXPECT_TRUE(std::equal(want.begin(), want.end(), got.v));
}

// kat_vectors of Random123, "philox4x32 10".
TEST(Philox, KnownAnswers) {
  expect_words(philox(0, 0, 0), {0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8});
  expect_words(philox(~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}),
               {0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD});
  expect_words(philox(0x299F31D0A4093822, 0x0370734413198A2E, 0x85A308D3243F6A88),
               {0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1});
}

TEST(Philox, VectorWordsOnEveryInstructionSet) {
  const uint64_t seed = 0x299F31D0A4093822, step = 0x0370734413198A2E;
  for (cpu::Isa isa : cpu::usable_isas())
    for (uint64_t block :
         {uint64_t{0}, uint64_t{1} << 20, (uint64_t{1} << 32) - 3, ~uint64_t{0} - 7})
      for (int64_t n : {0, 1, 3, 4, 31, 127, 128, 129, 700}) {
        std::vector<uint32_t> words(n + 1, 0xABABABAB);
        cpu::table_of(isa).random.words(seed, step, block, words.data(), n);
        for (int64_t i = 0; i < n; ++i)
          ASSERT_EQ(words[i], philox(seed, step, block + i / 4).v[i % 4])
              << cpu::name_of(isa) << " block " << block << " word " << i;
        EXPECT_EQ(words[n], 0xABABABAB);
      }
}

struct Draw {
  std::string op;
  Attrs attrs;
  DType dtype = DType::f32;
};

HostTensor reference(const Draw& draw, Dim n, uint64_t step = 0) {
  return run_reference({draw.op, draw.attrs, {}, {{draw.dtype, {n}}}}, {.step = step})[0];
}

TEST(Draws, SameBitsOnEveryInstructionSetForAnyThreads) {
  const Draw draws[] = {
      {"random_uniform", {{"seed", 5}, {"low", -1.25}, {"high", 3}}},
      {"random_uniform", {{"seed", 5}, {"low", 1}, {"high", 2}}, DType::f64},
      {"random_uniform", {{"seed", -5}, {"low", -7}, {"high", 1000}}, DType::i32},
      {"random_uniform", {{"seed", 5}, {"low", -0x1p31}, {"high", 0x1p31}}, DType::i32},
      {"random_uniform", {{"seed", 5}, {"low", -0x1p63}, {"high", 0x1p63}}, DType::i64},
      {"random_uniform", {{"seed", 5}, {"low", 0}, {"high", 256}}, DType::u8},
      {"random_normal", {{"seed", 5}, {"mean", 2}, {"stddev", 3}}},
      {"random_normal", {{"seed", 5}, {"mean", 2}, {"stddev", 3}}, DType::f64},
      {"truncated_normal", {{"seed", 5}, {"stddev", 0.05}}},
      {"truncated_normal", {{"seed", 5}, {"stddev", 0.05}}, DType::f64},
      {"random_bernoulli", {{"seed", 5}, {"p", 0.3}}},
      {"random_bernoulli", {{"seed", 5}, {"p", 1.0}}},
  };
  for (const Draw& draw : draws)
    for (Dim n : {1, 4, 511, 512, 513, 100'003}) {
      SCOPED_TRACE(concat_text(draw.op, " ", draw.attrs, " ", name_of(draw.dtype), " of ", n));
      expect_reference_bits({draw.op, draw.attrs, {}, {{draw.dtype, {n}}}}, {.step = 77});
    }
}

struct Moments {
  double mean = 0, variance = 0, skewness = 0, kurtosis = 0, least = 0, most = 0;
};

Moments moments(const HostTensor& t) {
  const std::vector<double> x = numbers(t);
  Moments m;
  for (double v : x) m.mean += v / static_cast<double>(x.size());
  for (double v : x) m.variance += (v - m.mean) * (v - m.mean) / static_cast<double>(x.size());
  for (double v : x) {
    const double z = (v - m.mean) / std::sqrt(m.variance);
    m.skewness += z * z * z / static_cast<double>(x.size());
    m.kurtosis += z * z * z * z / static_cast<double>(x.size());
  }
  m.least = *std::min_element(x.begin(), x.end());
  m.most = *std::max_element(x.begin(), x.end());
  return m;
}

constexpr Dim kMany = 400'000;  // five standard errors of a mean of unit variance: 0.008

TEST(Draws, UniformMoments) {
  for (DType dtype : {DType::f32, DType::f64}) {
    const Moments m = moments(
        reference({"random_uniform", {{"seed", 1}, {"low", 2}, {"high", 5}}, dtype}, kMany));
    EXPECT_NEAR(m.mean, 3.5, 0.01);
    EXPECT_NEAR(m.variance, 9.0 / 12, 0.01);
    EXPECT_GE(m.least, 2);
    EXPECT_LT(m.most, 5);
    EXPECT_GT(m.most, 4.999);
  }
}

TEST(Draws, UniformNeverReachesItsUpperBound) {
  // With these bounds, low + span * u rounds to high for the largest u.
  const HostTensor t =
      reference({"random_uniform", {{"seed", 1}, {"low", 1000}, {"high", 1000.001}}}, kMany);
  const float high = 1000.001f;
  for (Dim i = 0; i < kMany; ++i) ASSERT_LT(t.as<float>()[i], high);
}

TEST(Draws, IntegersCoverTheirRange) {
  const HostTensor t =
      reference({"random_uniform", {{"seed", 1}, {"low", -3}, {"high", 4}}, DType::i32}, 70'000);
  std::vector<int> counts(7);
  for (double v : numbers(t)) ++counts.at(static_cast<size_t>(v + 3));
  for (int c : counts) EXPECT_NEAR(c, 10'000, 500);
}

TEST(Draws, NormalMoments) {
  for (DType dtype : {DType::f32, DType::f64}) {
    const Moments m = moments(
        reference({"random_normal", {{"seed", 1}, {"mean", 1}, {"stddev", 2}}, dtype}, kMany));
    EXPECT_NEAR(m.mean, 1, 0.016);
    EXPECT_NEAR(m.variance, 4, 0.05);
    EXPECT_NEAR(m.skewness, 0, 0.02);
    EXPECT_NEAR(m.kurtosis, 3, 0.04);
    EXPECT_LT(m.least, 1 - 2 * 4);
    EXPECT_GT(m.most, 1 + 2 * 4);
  }
}

// Both precisions invert the same distribution: quantiles against erf.
TEST(Draws, NormalQuantiles) {
  for (DType dtype : {DType::f32, DType::f64}) {
    std::vector<double> z = numbers(reference({"random_normal", {{"seed", 3}}, dtype}, kMany));
    std::sort(z.begin(), z.end());
    for (double at : {-3.0, -2.0, -1.0, -0.1, 0.0, 0.5, 1.5, 2.5, 3.5}) {
      const auto below = std::lower_bound(z.begin(), z.end(), at) - z.begin();
      const double p = 0.5 * std::erfc(-at / std::sqrt(2.0));
      const double error = 5 * std::sqrt(p * (1 - p) / kMany);
      EXPECT_NEAR(static_cast<double>(below) / kMany, p, error) << name_of(dtype) << " at " << at;
    }
  }
}

TEST(Draws, TruncatedNormalStaysWithinTwoDeviations) {
  for (DType dtype : {DType::f32, DType::f64}) {
    const Moments m = moments(reference({"truncated_normal", {{"seed", 1}}, dtype}, kMany));
    EXPECT_NEAR(m.mean, 0, 0.01);
    EXPECT_NEAR(m.variance, 0.7737413, 0.01);
    EXPECT_GE(m.least, -2);
    EXPECT_LE(m.most, 2);
    EXPECT_LT(m.least, -1.99);
    EXPECT_GT(m.most, 1.99);
  }
}

TEST(Draws, BernoulliMean) {
  for (double p : {0.0, 0.1, 0.5, 1.0}) {
    const Moments m = moments(reference({"random_bernoulli", {{"seed", 1}, {"p", p}}}, kMany));
    EXPECT_NEAR(m.mean, p, p * (1 - p) > 0 ? 0.005 : 1e-9);
  }
}

TEST(Draws, SeedsAndStepsAreIndependent) {
  const Draw one{"random_normal", {{"seed", 1}}}, two{"random_normal", {{"seed", 2}}};
  const auto a = numbers(reference(one, kMany)), b = numbers(reference(two, kMany));
  const auto c = numbers(reference(one, kMany, 1));
  double ab = 0, ac = 0, lag = 0;
  for (Dim i = 0; i + 1 < kMany; ++i) {
    ab += a[i] * b[i] / kMany;
    ac += a[i] * c[i] / kMany;
    lag += a[i] * a[i + 1] / kMany;
  }
  EXPECT_NEAR(ab, 0, 0.008);
  EXPECT_NEAR(ac, 0, 0.008);
  EXPECT_NEAR(lag, 0, 0.008);
}

TEST(Dropout, SameBitsOnEveryInstructionSetForAnyThreads) {
  const Attrs attrs = {{"rate", 0.3}, {"seed", 11}};
  for (DType dtype : {DType::f32, DType::f64})
    for (Dim n : {1, 5, 512, 513, 100'003}) {
      const HostTensor x = uniform(dtype, {n}, -1, 1, 1);
      expect_reference_bits({"dropout", attrs, {&x}, {{dtype, {n}}}}, {.step = 4});
    }
}

TEST(Dropout, SharedNoiseOverAnyAxes) {
  for (DType dtype : {DType::f32, DType::f64})
    for (const Ints& noise : {Ints{-1, 1, -1}, Ints{1, -1, -1}, Ints{-1, -1, 1}, Ints{1, 1, 1},
                              Ints{-1, 1, 1}, Ints{1, 40, 70}}) {
      const Attrs attrs = {{"rate", 0.3}, {"seed", 11}, {"noise_shape", noise}};
      const HostTensor x = uniform(dtype, {30, 40, 70}, -1, 1, 1);
      expect_reference_bits({"dropout", attrs, {&x}, {x.type()}}, {.step = 4});
    }
}

// The gradient draws the mask again: by position alone, whatever the values and their dtype.
TEST(Dropout, TheMaskDependsOnSeedStepAndPosition) {
  const Attrs attrs = {{"rate", 0.25}, {"seed", 11}};
  const HostTensor ones = filled(DType::f32, {1000}, 1), twos = filled(DType::f64, {10, 100}, 2);
  const auto mask = [&](const HostTensor& x, uint64_t step) {
    std::vector<bool> kept;
    const auto y = run_reference({"dropout", attrs, {&x}, {x.type()}}, {.step = step});
    for (double v : numbers(y[0])) kept.push_back(v != 0);
    return kept;
  };
  EXPECT_EQ(mask(ones, 3), mask(twos, 3));
  EXPECT_NE(mask(ones, 3), mask(ones, 4));
}

TEST(Dropout, KeepsOneMinusRateScaledUp) {
  for (double rate : {0.0, 0.1, 0.5, 0.9}) {
    const Attrs attrs = {{"rate", rate}, {"seed", 1}};
    const HostTensor x = filled(DType::f32, {kMany}, 3);
    const auto y = numbers(run_reference({"dropout", attrs, {&x}, {x.type()}})[0]);
    Dim kept = 0;
    for (double v : y) {
      if (v == 0) continue;
      ++kept;
      ASSERT_FLOAT_EQ(static_cast<float>(v), static_cast<float>(3 / (1 - rate)));
    }
    EXPECT_NEAR(static_cast<double>(kept) / kMany, 1 - rate, rate > 0 ? 0.005 : 0);
  }
}

}  // namespace
}  // namespace kn::test
