// How the pixels of a resized axis map to those of the original: which two neighbours a pixel lies
// between, and how far it is from the lower one. In float, as TensorFlow computes it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/shape.h"

namespace kn::cpu {

struct Tap {
  Dim low, high;
  float fraction;  // weight of `high`
};

// Taps of `to` pixels made from `from` pixels. Nearest: low == high.
inline std::vector<Tap> resize_taps(Dim from, Dim to, bool half_pixel, bool nearest) {
  std::vector<Tap> taps;
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  for (Dim i = 0; i < to; ++i) {
    const float at = half_pixel ? (static_cast<float>(i) + 0.5f) * scale - (nearest ? 0 : 0.5f)
                                : static_cast<float>(i) * scale;
    const float floor = std::floor(at);
    const Dim below = static_cast<Dim>(floor);
    const Dim low = std::clamp<Dim>(below, 0, from - 1);
    const Dim high = nearest ? low : std::min<Dim>(static_cast<Dim>(std::ceil(at)), from - 1);
    taps.push_back({low, std::max<Dim>(high, 0), nearest ? 0 : at - floor});
  }
  return taps;
}

}  // namespace kn::cpu
