#include "base/window.h"

#include <algorithm>

#include "base/error.h"

namespace kn {

void resolve(WindowAxis& a, std::string_view padding, int which, const Attrs& attrs,
             std::string_view op) {
  if (a.window < 1 || a.stride < 1 || a.dilation < 1)
    fail<ValueError>("[", op, "] expected window, stride and dilation of 1 or more; got ", a.window,
                     ", ", a.stride, " and ", a.dilation);
  const Dim reach = (a.window - 1) * a.dilation + 1;  // extent of the dilated window
  if (padding == "causal") a.before = reach - 1;
  if (padding == "explicit") {
    a.before = attrs.ints("pads")[2 * which];
    a.after = attrs.ints("pads")[2 * which + 1];
    if (a.before < 0 || a.after < 0)
      fail<ValueError>("[", op, "] expected padding of 0 or more; got ", a.before, " and ",
                       a.after);
  }
  if (a.in == kUnknown) {
    a.out = kUnknown;
    return;
  }
  if (padding == "same") {
    a.out = (a.in + a.stride - 1) / a.stride;
    const Dim total = std::max<Dim>((a.out - 1) * a.stride + reach - a.in, 0);
    a.before = total / 2;
    a.after = total - a.before;
    return;
  }
  const Dim room = a.in + a.before + a.after - reach;
  if (room < 0)
    fail<ValueError>("[", op, "] expected an input that holds the window; got size ", a.in,
                     " with padding ", a.before, " and ", a.after, " for a window of ", reach);
  a.out = room / a.stride + 1;
}

bool Window::padded() const {
  return std::any_of(axes.begin(), axes.end(),
                     [](const WindowAxis& a) { return a.before > 0 || a.after > 0; });
}

Window make_window(const Shape& x, const Ints& window, const Attrs& attrs, std::string_view op) {
  Window w;
  w.rank = x.rank() - 2;
  if (w.rank < 1 || w.rank > kMaxSpatial)
    fail<ValueError>("[", op, "] expected an input (batch, 1 to 3 spatial axes, channels); got ",
                     x);
  const Ints ones(w.rank, 1);
  const Ints strides = attrs.ints("strides", ones), dilations = attrs.ints("dilations", ones);
  const std::string padding = attrs.text("padding", "valid");
  if (padding != "valid" && padding != "same" && padding != "causal" && padding != "explicit")
    fail<ValueError>("[", op, "] expected padding valid, same, causal or explicit; got '", padding,
                     "'");
  const size_t n = static_cast<size_t>(w.rank);
  if (window.size() != n || strides.size() != n || dilations.size() != n ||
      (padding == "explicit" && attrs.ints("pads").size() != 2 * n))
    fail<ValueError>("[", op, "] expected ", n, " window sizes, strides and dilations for input ",
                     x);
  for (int i = 0; i < w.rank; ++i) {
    WindowAxis& axis = w.axes[kMaxSpatial - w.rank + i];
    axis.in = x[1 + i];
    axis.window = window[i];
    axis.stride = strides[i];
    axis.dilation = dilations[i];
    resolve(axis, padding, i, attrs, op);
  }
  return w;
}

ConvGeometry conv_geometry(const Shape& x, const Shape& w, const Attrs& attrs,
                           std::string_view op) {
  if (w.rank() != x.rank() || x.rank() < 3)
    fail<ValueError>("[", op,
                     "] expected a kernel (window…, channels, filters) of the input's rank; "
                     "got input ",
                     x, ", kernel ", w);
  ConvGeometry g;
  g.groups = attrs.integer("groups", 1);
  g.batch = x[0];
  g.channels = x.back();
  g.filters = w.back();
  const Dim per_group = w[w.rank() - 2];
  if (g.groups < 1 || (g.channels != kUnknown && g.channels != per_group * g.groups))
    fail<ValueError>("[", op, "] expected kernel channels to equal input channels ", g.channels,
                     g.groups == 1 ? "" : concat_text(" over ", g.groups, " groups"), "; got ",
                     per_group, " (input ", x, ", kernel ", w, ")");
  if (g.filters % g.groups != 0)
    fail<ValueError>("[", op, "] expected filters divisible by ", g.groups, " groups; got ",
                     g.filters);
  g.channels = per_group * g.groups;
  const Ints window(w.begin(), w.end() - 2);
  g.window = make_window(x, window, attrs, op);
  return g;
}

}  // namespace kn
