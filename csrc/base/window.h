// Geometry of sliding windows (convolution, pooling), shared by ops and every device: how padding
// rules turn into numbers, once. Up to three spatial axes; a 1-D or 2-D window is a 3-D one whose
// first axes have size 1.
#pragma once

#include <array>
#include <string_view>

#include "base/attrs.h"
#include "base/shape.h"

namespace kn {

inline constexpr int kMaxSpatial = 3;
using Spatial = std::array<Dim, kMaxSpatial>;

// One spatial axis.
struct WindowAxis {
  Dim in = 1, window = 1, out = 1;
  Dim stride = 1, dilation = 1;
  Dim before = 0, after = 0;  // padding
};

// Rules of attribute `padding`: "valid", "same" (TensorFlow's: the odd one behind), "causal" (all
// in front), or "explicit" with attribute `pads` (before and after of each axis). Fills out, before
// and after from the rest. An unknown `in` gives an unknown `out`. Throws ValueError naming `op`.
void resolve(WindowAxis& axis, std::string_view padding, int which, const Attrs& attrs,
             std::string_view op);

// The axes of a window over x (N, spatial…, C) from attributes strides, dilations, padding and
// pads; `window` holds its extents. The last `rank` entries are used, those before are trivial.
struct Window {
  int rank = 0;
  std::array<WindowAxis, kMaxSpatial> axes;
  const WindowAxis& operator[](int i) const { return axes[i]; }
  bool padded() const;
  Dim out_positions() const { return axes[0].out * axes[1].out * axes[2].out; }
  Dim in_positions() const { return axes[0].in * axes[1].in * axes[2].in; }
  Dim taps() const { return axes[0].window * axes[1].window * axes[2].window; }
};
Window make_window(const Shape& x, const Ints& window, const Attrs& attrs, std::string_view op);

// Convolution of x (N, spatial…, C) with w (window…, C / groups, F) to y (N, spatial…, F).
struct ConvGeometry {
  Window window;
  Dim batch = 0, channels = 0, filters = 0, groups = 1;
  Dim group_channels() const { return channels / groups; }
  Dim group_filters() const { return filters / groups; }
};
ConvGeometry conv_geometry(const Shape& x, const Shape& w, const Attrs& attrs, std::string_view op);

}  // namespace kn
