// How the pixels of a resized axis map to those of the original: which two neighbours a pixel lies
// between, and how far it is from the lower one. In float, as TensorFlow computes it.
#pragma once

#include <cmath>
#include <vector>

#include "base/host_device.h"
#include "base/shape.h"

namespace kn {

struct Tap {
  Dim low, high;
  float fraction;  // weight of `high`
};

// The tap of pixel i of `to`, made from `from` pixels. Nearest: low == high.
KN_HOST_DEVICE inline Tap resize_tap(Dim i, Dim from, Dim to, bool half_pixel, bool nearest) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  const float at = half_pixel ? (static_cast<float>(i) + 0.5f) * scale - (nearest ? 0 : 0.5f)
                              : static_cast<float>(i) * scale;
  const float floor = std::floor(at);
  const Dim below = static_cast<Dim>(floor), above = static_cast<Dim>(std::ceil(at));
  const Dim low = below < 0 ? 0 : below > from - 1 ? from - 1 : below;
  const Dim high = nearest ? low : above > from - 1 ? from - 1 : above;
  return {low, high < 0 ? 0 : high, nearest ? 0 : at - floor};
}

// Taps of all `to` pixels.
inline std::vector<Tap> resize_taps(Dim from, Dim to, bool half_pixel, bool nearest) {
  std::vector<Tap> taps;
  for (Dim i = 0; i < to; ++i) taps.push_back(resize_tap(i, from, to, half_pixel, nearest));
  return taps;
}

}  // namespace kn
