// Which axes a reduction sums away: read from attributes by shape functions and kernels alike.
#pragma once

#include <array>
#include <string_view>

#include "base/attrs.h"
#include "base/shape.h"

namespace kn {

using AxisSet = std::array<bool, kMaxRank>;

// Attribute `axes` (negative ones count from the end; absent means all). Throws ValueError naming
// `op` for an axis that is out of range or named twice.
AxisSet reduced_axes(const Attrs& attrs, int rank, std::string_view op);

// Axes of `from` along which a tensor of shape `to` is repeated to reach it: leading extra ones,
// and those where `to` has 1 and `from` does not.
AxisSet broadcast_axes(const Shape& from, const Shape& to);

}  // namespace kn
