// Where elements of images lie under windows, for products whose first matrix is never written
// down: what a row knows of itself (a cell) and what a step of k does (a tap and a channel) are
// found apart, and meet in a few additions. Positions are numbers below 2^31, divided by what the
// host knows.
#pragma once

#include "base/window.h"
#include "divide.h"
#include "product.h"

namespace kn::cuda {

struct ConvAxis {
  int in, window, out, stride, dilation, before;
  Divisor by_in, by_window, by_out, by_stride;

  explicit ConvAxis(const WindowAxis& a)
      : in(static_cast<int>(a.in)),
        window(static_cast<int>(a.window)),
        out(static_cast<int>(a.out)),
        stride(static_cast<int>(a.stride)),
        dilation(static_cast<int>(a.dilation)),
        before(static_cast<int>(a.before)),
        by_in(a.in),
        by_window(a.window),
        by_out(a.out),
        by_stride(a.stride) {}

  __device__ bool has(int cell) const {
    return static_cast<unsigned>(cell) < static_cast<unsigned>(in);
  }
  // The output cell that begins `at` cells into the padded input, -1 where none does.
  __device__ int begins(int at) const {
    if (at < 0) return -1;
    const int cell = by_stride.split(at);
    return at == 0 && cell < out ? cell : -1;
  }
};

// A place in an image, from whose first element `image` points on.
template <class T>
struct ConvCell {
  const T* image;
  int d, h, w;
};

// A tap, as cells from the first, and the channel or filter with it.
struct ConvStep {
  int d, h, w;
  int along;
};

struct ConvPlaces {
  ConvAxis d, h, w;
  int64_t batch, channels, filters, groups, taps, in_positions, out_positions;
  int group_channels, group_filters;
  Divisor by_channels, by_filters, by_in_positions, by_out_positions;

  explicit ConvPlaces(const ConvGeometry& g)
      : d(g.window[0]),
        h(g.window[1]),
        w(g.window[2]),
        batch(g.batch),
        channels(g.channels),
        filters(g.filters),
        groups(g.groups),
        taps(g.window.taps()),
        in_positions(g.window.in_positions()),
        out_positions(g.window.out_positions()),
        group_channels(static_cast<int>(g.group_channels())),
        group_filters(static_cast<int>(g.group_filters())),
        by_channels(g.group_channels()),
        by_filters(g.group_filters()),
        by_in_positions(in_positions),
        by_out_positions(out_positions) {}

  // Whether all positions are small enough.
  bool fits() const {
    constexpr int64_t kMost = 0x7FFFFFFF;
    return batch * in_positions < kMost && batch * out_positions < kMost &&
           taps * group_channels < kMost && taps * group_filters < kMost;
  }

  // The tap and what is left of `inner`, counted as (tap, one of `by`).
  __device__ ConvStep step(int inner, const Divisor& by) const {
    int w_tap = by.split(inner);
    int h_tap = w.by_window.split(w_tap);
    const int d_tap = h.by_window.split(h_tap);
    return {d_tap * d.dilation, h_tap * h.dilation, w_tap * w.dilation, inner};
  }

  // Under the window of output position `row` of all images.
  template <class T>
  __device__ ConvCell<T> under(const T* x, int row) const {
    const int n = by_out_positions.split(row);
    int at_h = w.by_out.split(row);
    const int at_d = h.by_out.split(at_h);
    return {x + n * in_positions * channels, at_d * d.stride - d.before, at_h * h.stride - h.before,
            row * w.stride - w.before};
  }
  template <class T>
  __device__ Element<T> element(const ConvCell<T>& at, const ConvStep& by) const {
    const int id = at.d + by.d, ih = at.h + by.h, iw = at.w + by.w;
    if (!d.has(id) || !h.has(ih) || !w.has(iw)) return {nullptr};
    return {at.image + int64_t{(id * h.in + ih) * w.in + iw} * channels + by.along};
  }

  // Input position `row` of all images, to be reached from windows of y.
  template <class T>
  __device__ ConvCell<T> above(const T* y, int row) const {
    const int n = by_in_positions.split(row);
    int at_h = w.by_in.split(row);
    const int at_d = h.by_in.split(at_h);
    return {y + n * out_positions * filters, at_d + d.before, at_h + h.before, row + w.before};
  }
  template <class T>
  __device__ Element<T> reaching(const ConvCell<T>& at, const ConvStep& by) const {
    const int od = d.begins(at.d - by.d), oh = h.begins(at.h - by.h), ow = w.begins(at.w - by.w);
    if (od < 0 || oh < 0 || ow < 0) return {nullptr};
    return {at.image + int64_t{(od * h.out + oh) * w.out + ow} * filters + by.along};
  }
};

}  // namespace kn::cuda
