// Inner loops of pooling: one output cell, all channels. A window is given as pointers to the
// channels (C) of its cells inside the input, in order; there is at least one.
#pragma once

#include <cstdint>

namespace kn::cpu {

template <class T>
struct PoolKernels {
  void (*max)(const T* const* cells, int64_t n, T* y, int64_t channels);
  // dx[t] += dy where x[t] is the first maximum.
  void (*max_data)(const T* const* cells, int64_t n, const T* dy, T* const* dx, int64_t channels);
  // y = g[t] where x[t] is the first maximum.
  void (*max_pick)(const T* const* cells, int64_t n, const T* const* g, T* y, int64_t channels);
  void (*average)(const T* const* cells, int64_t n, T* y, int64_t channels);
  void (*average_data)(const T* dy, int64_t n, T* const* dx, int64_t channels);
};

struct PoolTable {
  PoolKernels<float> f32;
  PoolKernels<double> f64;
};

}  // namespace kn::cpu
