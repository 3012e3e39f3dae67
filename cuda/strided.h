// Where the elements of a walk over some axes lie in memory.
#pragma once

#include <array>
#include <cstdint>

#include "base/reduce_axes.h"
#include "base/shape.h"
#include "launch.h"

namespace kn::cuda {

inline constexpr int kMostAxes = 2 * kMaxRank;  // tiling splits each axis in two

// The element at `position` of the row-major walk is at base + sum(index * stride).
struct Strided {
  int rank = 0;
  int64_t base = 0;
  int64_t extent[kMostAxes] = {}, stride[kMostAxes] = {};

  // Appends an inner axis; joins it with the one before where they are one run of elements.
  void push(int64_t n, int64_t step) {
    if (n == 1) return;
    if (rank > 0 && stride[rank - 1] == n * step) {
      extent[rank - 1] *= n;
      stride[rank - 1] = step;
      return;
    }
    extent[rank] = n;
    stride[rank++] = step;
  }
  int64_t count() const {
    int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= extent[i];
    return n;
  }

  __host__ __device__ int64_t operator()(int64_t position) const {
    int64_t at = base;
    if (position <= 0x7FFFFFFF) {  // divisions of 64 bits are slow
      auto rest = static_cast<uint32_t>(position);
      for (int i = rank - 1; i > 0; --i) {
        const auto n = static_cast<uint32_t>(extent[i]);
        at += static_cast<int64_t>(rest % n) * stride[i];
        rest /= n;
      }
      return rank > 0 ? at + static_cast<int64_t>(rest) * stride[0] : at;
    }
    for (int i = rank - 1; i > 0; --i) {
      at += position % extent[i] * stride[i];
      position /= extent[i];
    }
    return rank > 0 ? at + position * stride[0] : at;
  }
};

inline Strided dense(int64_t n) {
  Strided s;
  s.push(n, 1);
  return s;
}

// A tensor of shape `s`, walked over the axes of `domain` to which it broadcasts.
inline Strided broadcast_to(const Shape& s, const Shape& domain) {
  const auto own = strides_of(s);
  const int lead = domain.rank() - s.rank();
  Strided walk;
  for (int i = 0; i < domain.rank(); ++i)
    walk.push(domain[i], i < lead || s[i - lead] == 1 ? 0 : own[i - lead]);
  return walk;
}

// The axes of x that are in `axes` (taken) or are not.
inline Strided walk_axes(const Shape& x, const AxisSet& axes, bool taken) {
  const auto own = strides_of(x);
  Strided walk;
  for (int i = 0; i < x.rank(); ++i)
    if (axes[i] == taken) walk.push(x[i], own[i]);
  return walk;
}

}  // namespace kn::cuda
