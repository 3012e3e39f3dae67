#include "base/dtype.h"

#include <array>
#include <string>

#include "base/error.h"

namespace kn {

namespace {
constexpr std::array<std::string_view, kDTypeCount> kNames = {
    "float32", "float64", "int32", "int64", "uint8", "bool", "float16", "bfloat16"};
}

std::string_view name_of(DType t) { return kNames[static_cast<int>(t)]; }

DType parse_dtype(std::string_view name) {
  for (int i = 0; i < kDTypeCount; ++i)
    if (kNames[i] == name) return static_cast<DType>(i);
  fail<TypeError>(
      "expected a dtype out of float16, bfloat16, float32, float64, int32, int64, "
      "uint8, bool; got '",
      name, "'");
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (is_float(a) != is_float(b)) return is_float(a) ? a : b;
  if (is_float(a)) {
    if (a == DType::f64 || b == DType::f64) return DType::f64;
    return DType::f32;  // float16 with bfloat16, or either with float32
  }
  if (a == DType::b8) return b;
  if (b == DType::b8) return a;
  return size_of(a) >= size_of(b) ? a : b;
}

}  // namespace kn
