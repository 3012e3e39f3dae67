// Table of the loops that move elements: transposed tiles and sums of rows.
#pragma once

#include <cstdint>

namespace kn::cpu {

struct MovementTable {
  // to[j * to_stride + i] = from[i * from_stride + j] for i in [0, rows), j in [0, columns);
  // strides count elements of 4 or 8 bytes.
  void (*transpose_4)(const void* from, int64_t from_stride, void* to, int64_t to_stride,
                      int64_t rows, int64_t columns);
  void (*transpose_8)(const void* from, int64_t from_stride, void* to, int64_t to_stride,
                      int64_t rows, int64_t columns);
  // to[i] += from[i]
  void (*add_f32)(const float* from, float* to, int64_t n);
  void (*add_f64)(const double* from, double* to, int64_t n);
  // to[i] += weight * from[i]
  void (*add_weighted_f32)(const float* from, float weight, float* to, int64_t n);
};

}  // namespace kn::cpu
