// Inner loops of batch normalization. "Rows" are x (rows, c) with channels fastest; a "plane" is a
// run of n elements of one channel.
#pragma once

#include <cstdint>

namespace kn::cpu {

template <class T>
struct NormalizationLoops {
  // Mean and sum of squared distances from it, per channel.
  void (*row_moments)(const T* x, int64_t rows, int64_t c, T* mean, T* m2);
  void (*plane_moments)(const T* x, int64_t n, T* mean, T* m2);
  // y = (x - mean) * factor + shift.
  void (*rows_apply)(const T* x, int64_t rows, int64_t c, const T* mean, const T* factor,
                     const T* shift, T* y);
  void (*plane_apply)(const T* x, int64_t n, T mean, T factor, T shift, T* y);
  // Sums of dy and of dy * (x - mean).
  void (*row_sums)(const T* x, const T* dy, int64_t rows, int64_t c, const T* mean, T* sum_dy,
                   T* sum_dy_x);
  void (*plane_sums)(const T* x, const T* dy, int64_t n, T mean, T* sum_dy, T* sum_dy_x);
  // dx = factor * (dy - shift - (x - mean) * slope).
  void (*rows_back)(const T* x, const T* dy, int64_t rows, int64_t c, const T* mean,
                    const T* factor, const T* shift, const T* slope, T* dx);
  void (*plane_back)(const T* x, const T* dy, int64_t n, T mean, T factor, T shift, T slope, T* dx);
};

struct NormalizationTable {
  NormalizationLoops<float> f32;
  NormalizationLoops<double> f64;
};

}  // namespace kn::cpu
