#include "cpu/ref/moves.h"

#include <bit>
#include <cmath>
#include <limits>

namespace kn::cpu::ref {

namespace {

// Rounds to nearest, ties to even; NaN stays NaN.
uint16_t bfloat16_bits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

uint16_t float16_bits(float value) {
  const uint16_t sign = static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16 & 0x8000);
  const float size = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7E00;
  if (size >= 65520.0f) return sign | 0x7C00;
  if (size == 0) return sign;
  // Subnormal halves are multiples of 2^-24; the others keep 11 significant bits.
  int exponent = 0;
  std::frexp(size, &exponent);
  exponent = std::max(exponent, -13);
  const float quantum = std::ldexp(1.0f, exponent - 11);
  const auto steps = static_cast<uint32_t>(std::nearbyint(size / quantum));
  return static_cast<uint16_t>(sign | (steps + (static_cast<uint32_t>(exponent + 13) << 10)));
}

}  // namespace

std::array<char, 8> element_bytes(double value, DType dtype) {
  std::array<char, 8> bytes{};
  const auto put = [&](auto element) { std::memcpy(bytes.data(), &element, sizeof element); };
  if (dtype == DType::f16) {
    put(float16_bits(static_cast<float>(value)));
  } else if (dtype == DType::bf16) {
    put(bfloat16_bits(static_cast<float>(value)));
  } else {
    dispatch(dtype, [&](auto zero) {
      using T = decltype(zero);
      using Limits = std::numeric_limits<T>;
      if constexpr (std::is_same_v<T, bool>) {
        put(value != 0);
      } else if constexpr (Limits::is_integer) {
        const auto least = static_cast<double>(Limits::lowest());
        // 2^63 is no int64: from the largest on everything becomes the largest.
        if (value >= static_cast<double>(Limits::max())) put(Limits::max());
        else put(value > least ? static_cast<T>(value) : Limits::lowest());
      } else {
        put(static_cast<T>(value));
      }
    });
  }
  return bytes;
}

}  // namespace kn::cpu::ref
