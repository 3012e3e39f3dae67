// What each opcode means for one element: floats in their own precision, integers with wrap-around.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/opcode.h"
#include "launch.h"

namespace kn::cuda {

inline constexpr double kSeluAlpha = 1.6732632423543772, kSeluScale = 1.0507009873554805;

template <class T>
__device__ T sigmoid(T x) {
  const T e = std::exp(-std::fabs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

// + (x - x): NaN stays, and infinities become what they should.
template <class T>
__device__ T softplus(T x) {
  return std::fmax(x, T(0)) + std::log1p(std::exp(-std::fabs(x))) + (x - x);
}

template <class T>
__device__ T modulo(T a, T b) {
  const T r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

template <class T>
__device__ T unary(Opcode op, T x, T p0, T p1) {
  constexpr T kAlpha = static_cast<T>(kSeluAlpha), kScale = static_cast<T>(kSeluScale);
  switch (op) {
    case Opcode::neg: return -x;
    case Opcode::abs: return std::fabs(x);
    case Opcode::sign: return x > 0 ? T(1) : x < 0 ? T(-1) : x;
    case Opcode::square: return x * x;
    case Opcode::sqrt: return std::sqrt(x);
    case Opcode::rsqrt: return 1 / std::sqrt(x);
    case Opcode::reciprocal: return 1 / x;
    case Opcode::exp: return std::exp(x);
    case Opcode::expm1: return std::expm1(x);
    case Opcode::log: return std::log(x);
    case Opcode::log1p: return std::log1p(x);
    case Opcode::sin: return std::sin(x);
    case Opcode::cos: return std::cos(x);
    case Opcode::tan: return std::tan(x);
    case Opcode::tanh: return std::tanh(x);
    case Opcode::sinh: return std::sinh(x);
    case Opcode::cosh: return std::cosh(x);
    case Opcode::asin: return std::asin(x);
    case Opcode::acos: return std::acos(x);
    case Opcode::atan: return std::atan(x);
    case Opcode::erf: return std::erf(x);
    case Opcode::sigmoid: return sigmoid(x);
    case Opcode::hard_sigmoid: {
      const T y = T(0.2) * x + T(0.5);
      return y < 0 ? T(0) : y > 1 ? T(1) : y;
    }
    case Opcode::relu: return x < 0 ? T(0) : x;
    case Opcode::leaky_relu: return x < 0 ? p0 * x : x;
    case Opcode::elu: return x < 0 ? p0 * std::expm1(x) : x;
    case Opcode::selu: return kScale * (x < 0 ? kAlpha * std::expm1(x) : x);
    case Opcode::softplus: return softplus(x);
    case Opcode::softsign: return std::isinf(x) ? std::copysign(T(1), x) : x / (1 + std::fabs(x));
    case Opcode::round: return std::nearbyint(x);
    case Opcode::floor: return std::floor(x);
    case Opcode::ceil: return std::ceil(x);
    case Opcode::clip: return x < p0 ? p0 : x > p1 ? p1 : x;
    default: return x;  // copy
  }
}

// maximum and minimum hand on a NaN of either side.
template <class T>
__device__ T binary(Opcode op, T a, T b, T p0, T p1) {
  constexpr T kScale = static_cast<T>(kSeluScale);
  constexpr T kSlope = static_cast<T>(kSeluScale * kSeluAlpha);
  switch (op) {
    case Opcode::add: return a + b;
    case Opcode::sub: return a - b;
    case Opcode::mul: return a * b;
    case Opcode::div: return a / b;
    case Opcode::floordiv: return std::floor(a / b);
    case Opcode::mod: return modulo(a, b);
    case Opcode::pow: return std::pow(a, b);
    case Opcode::maximum: return a > b || a != a ? a : b;
    case Opcode::minimum: return a < b || a != a ? a : b;
    case Opcode::atan2: return std::atan2(a, b);
    case Opcode::squared_difference: return (a - b) * (a - b);
    case Opcode::relu_grad: return b > 0 ? a : T(0);
    case Opcode::leaky_relu_grad: return b <= 0 ? a * p0 : a;
    case Opcode::elu_grad: return b <= 0 ? a * (b + p0) : a;
    case Opcode::selu_grad: return b <= 0 ? a * (b + kSlope) : a * kScale;
    case Opcode::sigmoid_grad: return a * b * (1 - b);
    case Opcode::tanh_grad: return a * (1 - b * b);
    case Opcode::clip_grad: return b < p0 || b > p1 ? T(0) : a;
    default: return a;
  }
}

// Division by zero yields 0.
__device__ inline int64_t floored_quotient(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return static_cast<int64_t>(-static_cast<uint64_t>(a));
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

__device__ inline int64_t floored_rest(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  const int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

__device__ inline int64_t integer_power(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
  uint64_t result = 1, base = static_cast<uint64_t>(a);
  for (; b > 0; b >>= 1, base *= base)
    if (b & 1) result *= base;
  return static_cast<int64_t>(result);
}

__device__ inline int64_t clamped_bound(double bound) {
  constexpr double kMost = 9.2e18;
  return bound >= kMost ? INT64_MAX : bound <= -kMost ? INT64_MIN : static_cast<int64_t>(bound);
}

__device__ inline int64_t integer_unary(Opcode op, int64_t x, double p0, double p1) {
  const auto bits = static_cast<uint64_t>(x);
  switch (op) {
    case Opcode::neg: return static_cast<int64_t>(-bits);
    case Opcode::abs: return x < 0 ? static_cast<int64_t>(-bits) : x;
    case Opcode::sign: return (x > 0) - (x < 0);
    case Opcode::square: return static_cast<int64_t>(bits * bits);
    case Opcode::relu: return x < 0 ? 0 : x;
    case Opcode::clip: {
      const int64_t low = clamped_bound(std::ceil(p0)), high = clamped_bound(std::floor(p1));
      return x < low ? low : x > high ? high : x;
    }
    default: return x;  // round, floor, ceil, copy
  }
}

__device__ inline int64_t integer_binary(Opcode op, int64_t a, int64_t b, double p0, double p1) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (op) {
    case Opcode::add: return static_cast<int64_t>(x + y);
    case Opcode::sub: return static_cast<int64_t>(x - y);
    case Opcode::mul: return static_cast<int64_t>(x * y);
    case Opcode::floordiv: return floored_quotient(a, b);
    case Opcode::mod: return floored_rest(a, b);
    case Opcode::pow: return integer_power(a, b);
    case Opcode::maximum: return a > b ? a : b;
    case Opcode::minimum: return a < b ? a : b;
    case Opcode::squared_difference: return static_cast<int64_t>((x - y) * (x - y));
    case Opcode::relu_grad: return b > 0 ? a : 0;
    case Opcode::clip_grad:
      return static_cast<double>(b) < p0 || static_cast<double>(b) > p1 ? 0 : a;
    default: return a;
  }
}

template <class T>
__device__ bool comparison(Opcode op, T a, T b) {
  switch (op) {
    case Opcode::equal: return a == b;
    case Opcode::not_equal: return a != b;
    case Opcode::less: return a < b;
    case Opcode::less_equal: return a <= b;
    case Opcode::greater: return a > b;
    case Opcode::greater_equal: return a >= b;
    case Opcode::logical_and: return a != T(0) && b != T(0);
    case Opcode::logical_or: return a != T(0) || b != T(0);
    case Opcode::logical_xor: return (a != T(0)) != (b != T(0));
    case Opcode::logical_not: return a == T(0);
    case Opcode::is_nan: return a != a;
    default: return a == a && a - a != T(0);  // is_inf
  }
}

}  // namespace kn::cuda
