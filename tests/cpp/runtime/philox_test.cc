// Known answers of the authors' own test vectors (Random123, kat_vectors: philox4x32 10).
#include "runtime/philox.h"

#include <gtest/gtest.h>

namespace kn {
namespace {

void expect_words(const Philox& p, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  EXPECT_EQ(p.v[0], a);
  EXPECT_EQ(p.v[1], b);
  EXPECT_EQ(p.v[2], c);
  EXPECT_EQ(p.v[3], d);
}

TEST(Philox, KnownAnswers) {
  expect_words(philox(0, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  const uint64_t ones = ~uint64_t{0};
  expect_words(philox(ones, ones, ones), 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  // Counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0, words low first.
  expect_words(philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88), 0xd16cfe09,
               0x94fdcceb, 0x5001e420, 0x24126ea1);
}

TEST(Philox, UniformStaysBelowOne) {
  EXPECT_EQ(uniform01(0), 0.0f);
  EXPECT_LT(uniform01(0xFFFFFFFFu), 1.0f);
}

}  // namespace
}  // namespace kn
