#include "cpu/ref/moves.h"

#include <limits>

#include "base/half.h"

namespace kn::cpu::ref {

std::array<char, 8> element_bytes(double value, DType dtype) {
  std::array<char, 8> bytes{};
  const auto put = [&](auto element) { std::memcpy(bytes.data(), &element, sizeof element); };
  if (dtype == DType::f16) {
    put(float_to_f16(static_cast<float>(value)));
  } else if (dtype == DType::bf16) {
    put(float_to_bf16(static_cast<float>(value)));
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
