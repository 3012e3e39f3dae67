// Index and label tensors of any dtype.
#pragma once

#include "base/dtype.h"
#include "run.h"

namespace kn::cuda {

struct IndexInput {
  const void* data;
  DType dtype;

  __device__ int64_t operator[](int64_t i) const {
    switch (dtype) {
      case DType::i32: return static_cast<const int32_t*>(data)[i];
      case DType::u8: return static_cast<const uint8_t*>(data)[i];
      default: return static_cast<const int64_t*>(data)[i];
    }
  }

  // Label i as a class in [0, n), fractions cut off; -1 where it is none, which is reported.
  __device__ int64_t label(int64_t i, int64_t n, const FaultSlot& fault) const {
    double number;
    switch (dtype) {
      case DType::f32: number = static_cast<const float*>(data)[i]; break;
      case DType::f64: number = static_cast<const double*>(data)[i]; break;
      case DType::b8: number = static_cast<const uint8_t*>(data)[i]; break;
      default: {
        const int64_t c = (*this)[i];
        if (c >= 0 && c < n) return c;
        fault.outside(static_cast<double>(c), n);
        return -1;
      }
    }
    if (number > -1 && number < static_cast<double>(n)) return static_cast<int64_t>(number);
    fault.outside(number, n);
    return -1;
  }
};

}  // namespace kn::cuda
