// Division by numbers that the host knows: a product and a shift, for numbers below 2^31.
#pragma once

#include <bit>
#include <cstdint>

#include "launch.h"

namespace kn::cuda {

class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(int64_t by) : by_(static_cast<uint32_t>(by)) {
    if (by_ <= 1) return;
    shift_ = static_cast<uint32_t>(std::bit_width(by_ - 1)) - 1;  // 2^(shift + 1) >= by
    factor_ = static_cast<uint32_t>(((uint64_t{1} << (32 + shift_)) + by_ - 1) / by_);
  }
  __device__ int operator()(int n) const {
    if (by_ == 1) return n;
    const auto wide = static_cast<uint64_t>(static_cast<uint32_t>(n)) * factor_;
    return static_cast<int>(static_cast<uint32_t>(wide >> 32) >> shift_);
  }
  // n becomes the remainder; the quotient is returned.
  __device__ int split(int& n) const {
    const int quotient = (*this)(n);
    n -= quotient * static_cast<int>(by_);
    return quotient;
  }

 private:
  uint32_t by_ = 1, factor_ = 0, shift_ = 0;
};

}  // namespace kn::cuda
