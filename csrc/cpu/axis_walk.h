// Positions along some axes of a tensor, in row-major order, as element offsets.
#pragma once

#include <array>
#include <cstdint>

#include "base/reduce_axes.h"

namespace kn::cpu {

class AxisWalk {
 public:
  AxisWalk() = default;
  // The axes of `shape` that are in `axes` (wanted) or are not (not wanted).
  AxisWalk(const Shape& shape, const AxisSet& axes, bool wanted) {
    const auto strides = strides_of(shape);
    for (int i = 0; i < shape.rank(); ++i)
      if (axes[i] == wanted) push_back(shape[i], strides[i]);
  }
  // Appends an inner axis.
  void push_back(int64_t extent, int64_t stride) {
    extent_[rank_] = extent;
    stride_[rank_++] = stride;
    count_ *= extent;
  }
  int64_t count() const { return count_; }
  int64_t offset(int64_t i) const {
    int64_t at = 0;
    for (int d = rank_ - 1; d >= 0; --d) {
      at += i % extent_[d] * stride_[d];
      i /= extent_[d];
    }
    return at;
  }

 private:
  int rank_ = 0;
  int64_t count_ = 1;
  std::array<int64_t, kMaxRank> extent_{}, stride_{};
};

}  // namespace kn::cpu
