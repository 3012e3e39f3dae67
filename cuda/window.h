// Sliding windows as kernels see them: base/window.h in plain numbers.
#pragma once

#include "base/window.h"
#include "launch.h"

namespace kn::cuda {

struct DeviceAxis {
  int64_t in, window, out, stride, dilation, before;

  // Input cell under tap `t` of output cell `o`; outside the input where it is padding.
  __device__ int64_t cell(int64_t o, int64_t t) const { return o * stride + t * dilation - before; }
  // Output cell whose tap `t` lies on input cell `i`; -1 where there is none.
  __device__ int64_t reached(int64_t i, int64_t t) const {
    const int64_t at = i + before - t * dilation;
    return at >= 0 && at % stride == 0 && at / stride < out ? at / stride : -1;
  }
};

// A position in three axes.
struct Cell3 {
  int64_t d, h, w;
};

struct DeviceWindow {
  DeviceAxis d, h, w;
  int64_t in_positions, out_positions, taps;

  explicit DeviceWindow(const Window& from)
      : d(axis(from[0])),
        h(axis(from[1])),
        w(axis(from[2])),
        in_positions(from.in_positions()),
        out_positions(from.out_positions()),
        taps(from.taps()) {}

  __device__ Cell3 in_cell(int64_t i) const { return split(i, h.in, w.in); }
  __device__ Cell3 out_cell(int64_t o) const { return split(o, h.out, w.out); }
  __device__ Cell3 tap(int64_t t) const { return split(t, h.window, w.window); }

  // Input position under `tap` of `out`, -1 in the padding.
  __device__ int64_t under(const Cell3& out, const Cell3& tap) const {
    const int64_t id = d.cell(out.d, tap.d), ih = h.cell(out.h, tap.h), iw = w.cell(out.w, tap.w);
    if (id < 0 || id >= d.in || ih < 0 || ih >= h.in || iw < 0 || iw >= w.in) return -1;
    return (id * h.in + ih) * w.in + iw;
  }
  // Output position whose `tap` lies on `in`, -1 where there is none.
  __device__ int64_t reached(const Cell3& in, const Cell3& tap) const {
    const int64_t od = d.reached(in.d, tap.d), oh = h.reached(in.h, tap.h),
                  ow = w.reached(in.w, tap.w);
    if (od < 0 || oh < 0 || ow < 0) return -1;
    return (od * h.out + oh) * w.out + ow;
  }

 private:
  static DeviceAxis axis(const WindowAxis& a) {
    return {a.in, a.window, a.out, a.stride, a.dilation, a.before};
  }
  __device__ static Cell3 split(int64_t at, int64_t height, int64_t width) {
    return {at / width / height, at / width % height, at % width};
  }
};

}  // namespace kn::cuda
