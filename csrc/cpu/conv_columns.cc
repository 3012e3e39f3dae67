#include "cpu/conv_columns.h"

#include <algorithm>
#include <cstring>

namespace kn::cpu {

namespace {

// Calls f(input position of the first tap, first tap, number of taps, offset of the taps in a row
// of columns) for runs of taps along the last axis that lie inside the input side by side, and
// blank(offset, taps) for those outside.
template <class F, class Blank>
void for_each_run(const ConvGeometry& g, Dim cell, F f, Blank blank) {
  const auto& [d, h, w] = g.window.axes;
  const Dim ow = cell % w.out, oh = cell / w.out % h.out, od = cell / w.out / h.out;
  const Dim first = ow * w.stride - w.before;
  // Taps [low, high) of the last axis are inside.
  const Dim low = std::clamp<Dim>((-first + w.dilation - 1) / w.dilation, 0, w.window);
  const Dim high = std::clamp<Dim>((w.in - first + w.dilation - 1) / w.dilation, low, w.window);
  Dim tap = 0;
  for (Dim td = 0; td < d.window; ++td) {
    const Dim id = od * d.stride + td * d.dilation - d.before;
    for (Dim th = 0; th < h.window; ++th, tap += w.window) {
      const Dim ih = oh * h.stride + th * h.dilation - h.before;
      if (id < 0 || id >= d.in || ih < 0 || ih >= h.in) {
        blank(tap, w.window);
        continue;
      }
      if (low > 0) blank(tap, low);
      if (high > low) f((id * h.in + ih) * w.in + first + low * w.dilation, tap + low, high - low);
      if (high < w.window) blank(tap + high, w.window - high);
    }
  }
}

}  // namespace

template <class T>
void gather_columns(const ConvGeometry& g, const Band& band, const T* image, T* columns) {
  const Dim channels = g.group_channels(), step = g.window[2].dilation * g.channels;
  const bool dense = step == channels;  // neighbouring taps are neighbours in memory
  image += band.group * channels;
  for (Dim cell = band.from; cell < band.from + band.count; ++cell) {
    for_each_run(
        g, cell,
        [&](Dim position, Dim tap, Dim taps) {
          const T* src = image + position * g.channels;
          T* dst = columns + tap * channels;
          if (dense) {
            std::memcpy(dst, src, sizeof(T) * taps * channels);
            return;
          }
          for (Dim t = 0; t < taps; ++t)
            for (Dim c = 0; c < channels; ++c) dst[t * channels + c] = src[t * step + c];
        },
        [&](Dim tap, Dim taps) { std::fill_n(columns + tap * channels, taps * channels, T(0)); });
    columns += g.window.taps() * channels;
  }
}

template <class T>
void scatter_columns(const ConvGeometry& g, const Band& band, const T* columns, T* image) {
  const Dim channels = g.group_channels(), step = g.window[2].dilation * g.channels;
  image += band.group * channels;
  for (Dim cell = band.from; cell < band.from + band.count; ++cell) {
    for_each_run(
        g, cell,
        [&](Dim position, Dim tap, Dim taps) {
          T* dst = image + position * g.channels;
          const T* src = columns + tap * channels;
          for (Dim t = 0; t < taps; ++t)
            for (Dim c = 0; c < channels; ++c) dst[t * step + c] += src[t * channels + c];
        },
        [](Dim, Dim) {});
    columns += g.window.taps() * channels;
  }
}

template void gather_columns(const ConvGeometry&, const Band&, const float*, float*);
template void gather_columns(const ConvGeometry&, const Band&, const double*, double*);
template void scatter_columns(const ConvGeometry&, const Band&, const float*, float*);
template void scatter_columns(const ConvGeometry&, const Band&, const double*, double*);

}  // namespace kn::cpu
