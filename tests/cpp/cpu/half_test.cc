// Casts between halves and float32 on every instruction set: the bits of the reference, which are
// those of base/half.h.
#include <bit>
#include <cmath>

#include "base/half.h"
#include "support/fast_kernels.h"

namespace kn::test {
namespace {

void expect_cast(const HostTensor& from, DType to) {
  const Attrs attrs{{"dtype", std::string(name_of(to))}};
  expect_reference_bits({"cast", attrs, {&from}, {{to, from.shape()}}});
}

TEST(Halves, EveryPatternBecomesItsFloat) {
  for (DType dtype : {DType::f16, DType::bf16}) {
    HostTensor all({dtype, {65536}});
    for (uint32_t i = 0; i < 65536; ++i) all.as<uint16_t>()[i] = static_cast<uint16_t>(i);
    // A signalling NaN may be made quiet on the way or not.
    for (Dim i = 0; i < 65536; ++i)
      if (std::isnan(all.number_at(i))) all.as<uint16_t>()[i] |= 0x240;
    expect_cast(all, DType::f32);
  }
}

TEST(Halves, FloatsRoundToNearestEven) {
  HostTensor x({DType::f32, {1 << 18}});
  // Patterns all over, half of them close to the middle between two halves.
  for (uint32_t i = 0; i < 1u << 18; ++i) {
    const uint32_t bits = i * 0x9E3779B1u;
    const uint32_t middle = (bits & 0xFFFF0000u) | (0x8000u + i % 3 - 1);
    x.as<float>()[i] = std::bit_cast<float>(i % 2 ? bits : i % 4 ? middle : bits & 0xFFFFF000u);
    if (std::isnan(x.as<float>()[i])) x.as<float>()[i] = 1;
  }
  for (DType dtype : {DType::f16, DType::bf16}) expect_cast(x, dtype);
}

TEST(Halves, KeepsNanAndInfinity) {
  const double inf = HUGE_VAL, nan = NAN;
  const HostTensor x = tensor(DType::f32, {6}, {nan, inf, -inf, 0, -0.0, 1e30});
  for (DType dtype : {DType::f16, DType::bf16}) {
    const Attrs attrs{{"dtype", std::string(name_of(dtype))}};
    for_each_fast_run({"cast", attrs, {&x}, {{dtype, {6}}}}, {},
                      [&](const std::vector<HostTensor>& got, const std::string& what) {
                        EXPECT_TRUE(std::isnan(got[0].number_at(0))) << what;
                        EXPECT_EQ(got[0].number_at(1), inf) << what;
                        EXPECT_EQ(got[0].number_at(2), -inf) << what;
                        EXPECT_TRUE(std::signbit(got[0].number_at(4))) << what;
                        EXPECT_EQ(got[0].number_at(5) == inf, dtype == DType::f16) << what;
                      });
  }
}

TEST(Halves, NumbersBelowTheNormalOnesAreKept) {
  for (int i = 0; i < 0x400; ++i)
    EXPECT_EQ(f16_to_float(static_cast<uint16_t>(i)), static_cast<float>(i) * 0x1p-24f);
}

}  // namespace
}  // namespace kn::test
