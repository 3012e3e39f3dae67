// The plain truth of convolution and pooling.
#pragma once

#include <memory>
#include <string>

#include "base/window.h"
#include "runtime/kernel.h"

namespace kn::cpu::ref {

// Calls f(output position, tap, input position) for every pair of an output cell and a window tap
// that lies inside the input; positions count the spatial cells of one image.
template <class F>
void for_each_tap(const Window& w, F f) {
  const auto& [d, h, v] = w.axes;
  auto cell = [](const WindowAxis& a, Dim out, Dim tap) {
    return out * a.stride + tap * a.dilation - a.before;
  };
  auto inside = [](const WindowAxis& a, Dim in) { return in >= 0 && in < a.in; };
  Dim out = 0;
  for (Dim od = 0; od < d.out; ++od)
    for (Dim oh = 0; oh < h.out; ++oh)
      for (Dim ow = 0; ow < v.out; ++ow, ++out) {
        Dim tap = 0;
        for (Dim td = 0; td < d.window; ++td)
          for (Dim th = 0; th < h.window; ++th)
            for (Dim tw = 0; tw < v.window; ++tw, ++tap) {
              const Dim id = cell(d, od, td), ih = cell(h, oh, th), iw = cell(v, ow, tw);
              if (inside(d, id) && inside(h, ih) && inside(v, iw))
                f(out, tap, (id * h.in + ih) * v.in + iw);
            }
      }
}

std::unique_ptr<Kernel> make_conv(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_conv_data(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_conv_weights(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_max_pool(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_max_pool_data(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_max_pool_pick(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_average_pool(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_average_pool_data(const KernelRequest& r, std::string& refusal);

}  // namespace kn::cpu::ref
