// float16 and bfloat16 in device memory: what kernels load, compute on as float, and round once
// when they store it.
#pragma once

#include <type_traits>

#include "base/half.h"
#include "launch.h"

namespace kn::cuda {

struct Float16 {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};

template <class T>
inline constexpr bool kIsHalf = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

// What products of T are summed in.
template <class T>
using SumOf = std::conditional_t<kIsHalf<T>, float, T>;

template <class T>
__device__ SumOf<T> widen(T x) {
  if constexpr (std::is_same_v<T, Float16>) return f16_to_float(x.bits);
  else if constexpr (std::is_same_v<T, BFloat16>) return bf16_to_float(x.bits);
  else return x;
}

template <class T>
__device__ T narrow(SumOf<T> x) {
#if defined(__CUDA_ARCH__)
  if constexpr (std::is_same_v<T, Float16>) {
    uint16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return {bits};
  } else if constexpr (std::is_same_v<T, BFloat16>) {
    uint16_t bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return {bits};
  } else {
    return x;
  }
#else
  if constexpr (std::is_same_v<T, Float16>) return {float_to_f16(x)};
  else if constexpr (std::is_same_v<T, BFloat16>) return {float_to_bf16(x)};
  else return x;
#endif
}

// Four neighbours at once, which lie at a multiple of 16 bytes or of their size.
template <class T>
struct alignas(sizeof(T) < 4 ? 4 * sizeof(T) : 16) FourOf {
  T of[4];
};

}  // namespace kn::cuda
