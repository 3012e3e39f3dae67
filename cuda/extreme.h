// Where the largest or the smallest element of a line is.
#pragma once

#include "run.h"

namespace kn::cuda {

// Looks through n > 0 elements that are `step` apart, by a warp: the first of equal ones, the first
// NaN where there is one. The same in all lanes.
template <class T>
__device__ int64_t find_extreme(const T* x, int64_t n, int64_t step, bool largest, int lane) {
  const auto before = [&](int64_t i, int64_t k) {  // whether the element at i goes before that at k
    const T v = x[i * step], other = x[k * step];
    const bool v_nan = v != v, other_nan = other != other;
    if (v_nan || other_nan) return v_nan && (!other_nan || i < k);
    return (largest ? v > other : v < other) || (v == other && i < k);
  };
  int64_t best = lane < n ? lane : 0;
  for (int64_t k = best + kWarp; k < n; k += kWarp)
    if (before(k, best)) best = k;
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    const int64_t other = __shfl_xor_sync(kFullMask, best, offset);
    if (before(other, best)) best = other;
  }
  return best;
}

}  // namespace kn::cuda
