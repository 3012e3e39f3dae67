// Which elements a slice takes along one axis, with Python's rules for negative and large bounds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/shape.h"

namespace kn {

// Given as an end: as far as the axis goes in the direction of the step.
inline constexpr int64_t kSliceToEnd = INT64_MAX;

struct SliceAxis {
  Dim begin = 0;
  Dim count = 0;
  Dim step = 1;
};

// The slice begin:end:step (step not 0) of an axis of n elements; `begin + i * step` for i in
// [0, count) lies in [0, n).
inline SliceAxis resolve_slice(int64_t begin, int64_t end, int64_t step, Dim n) {
  const Dim low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  const auto bound = [&](int64_t at) { return std::clamp(at < 0 ? at + n : at, low, high); };
  const Dim from = bound(begin);
  const Dim to = end == kSliceToEnd ? (step > 0 ? n : -1) : bound(end);
  const Dim way = step > 0 ? to - from : from - to;
  // Unsigned, since the least int64 has no positive twin.
  const uint64_t size = step > 0 ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
  SliceAxis axis{from, 0, step};
  if (way > 0) axis.count = static_cast<Dim>((static_cast<uint64_t>(way) - 1) / size) + 1;
  if (axis.count <= 1) axis.step = 1;
  return axis;
}

}  // namespace kn
