// Inner loops of pooling over neighbouring windows of a line, all channels of each.
#pragma once

#include <cstdint>

namespace kn::cpu {

// A window is given as pointers to the channels (C) of its cells inside the input, in order; there
// is at least one. Those of the next window are `step` elements further; what a window yields, or
// is given, is C elements from that of the window before.
struct PoolLine {
  const void* const* cells;
  int64_t count;  // cells of a window
  int64_t windows, step, channels;
  const void* const* g;  // max_pick: where values are picked
  void* const* dx;       // gradients: where they go
  const void* dy;
  void* y;
  bool adds;  // gradients: dx += …; else each cell is under one window only
  bool relu;  // max_data: where the maximum is not above zero nothing goes back
};

template <class T>
struct PoolKernels {
  void (*max)(const PoolLine&);
  void (*max_data)(const PoolLine&);  // dx[t] = dy where x[t] is the first maximum
  void (*max_pick)(const PoolLine&);  // y = g[t] where x[t] is the first maximum
  void (*average)(const PoolLine&);
  void (*average_data)(const PoolLine&);
};

struct PoolTable {
  PoolKernels<float> f32;
  PoolKernels<double> f64;
};

}  // namespace kn::cpu
