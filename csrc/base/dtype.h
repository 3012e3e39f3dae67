// Element types of tensors. Ops accept float16 and bfloat16, the halves, like other floats; few
// kernels do, and arithmetic on them happens in float32 (passes/widen_halves.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kn {

enum class DType : uint8_t { f32, f64, i32, i64, u8, b8, f16, bf16 };
inline constexpr int kDTypeCount = 8;

constexpr size_t size_of(DType t) {
  constexpr size_t sizes[kDTypeCount] = {4, 8, 4, 8, 1, 1, 2, 2};
  return sizes[static_cast<int>(t)];
}

constexpr bool is_float(DType t) {
  return t == DType::f32 || t == DType::f64 || t == DType::f16 || t == DType::bf16;
}
constexpr bool is_half(DType t) { return t == DType::f16 || t == DType::bf16; }
// bool counts as neither float nor integer.
constexpr bool is_integer(DType t) { return t == DType::i32 || t == DType::i64 || t == DType::u8; }

// "float32", "int64", "bool", … as NumPy writes them.
std::string_view name_of(DType t);
// Inverse of name_of; throws TypeError for anything else.
DType parse_dtype(std::string_view name);
// The narrower type is widened as NumPy does, except that int with float32 stays float32.
DType promote(DType a, DType b);

template <class T>
struct dtype_of;
template <>
struct dtype_of<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct dtype_of<double> {
  static constexpr DType value = DType::f64;
};
template <>
struct dtype_of<int32_t> {
  static constexpr DType value = DType::i32;
};
template <>
struct dtype_of<int64_t> {
  static constexpr DType value = DType::i64;
};
template <>
struct dtype_of<uint8_t> {
  static constexpr DType value = DType::u8;
};
template <>
struct dtype_of<bool> {
  static constexpr DType value = DType::b8;
};

// Calls f with a value-initialised element of the type that t names. Not for halves, which have no
// type of their own.
template <class F>
decltype(auto) dispatch(DType t, F&& f) {
  switch (t) {
    case DType::f64: return f(double{});
    case DType::i32: return f(int32_t{});
    case DType::i64: return f(int64_t{});
    case DType::u8: return f(uint8_t{});
    case DType::b8: return f(bool{});
    default: return f(float{});
  }
}

}  // namespace kn
