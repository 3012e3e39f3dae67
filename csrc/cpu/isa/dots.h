// Table of sums along memory: where a product has so few columns that they would not fill a vector,
// vectors run along its steps instead.
#pragma once

#include <cstdint>

namespace kn::cpu {

struct ConvPile;

inline constexpr int kDotColumns = 4;

template <class T>
struct DotKernels {
  int lanes;  // of a vector
  // [columns - 1]: `tiles` rows of C (see isa/conv_args.h) of so many columns. Steps lie next to
  // each other in A and B, column j of B at b[j * b_step].
  void (*dots[kDotColumns])(const ConvPile&);
  // y (n,) = or += sum over i < rows of v[i] * m[i * row + …], one after the other.
  void (*combine)(int64_t rows, int64_t n, const T* m, int64_t row, const T* v, bool accumulate,
                  T* y);
};

struct DotTable {
  DotKernels<float> f32;
  DotKernels<double> f64;
};

}  // namespace kn::cpu
