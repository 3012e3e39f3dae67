// Tensors whose elements have a channel each, as batch normalization sees them.
#pragma once

#include <algorithm>

#include "base/reduce_axes.h"
#include "each.h"
#include "pack.h"

namespace kn::cuda {

inline constexpr int kColumns = 32;  // channels of a block

// x as (outer, channels, inner); the positions of a channel are numbered through.
struct Layout {
  int64_t outer = 1, channels = 1, inner = 1, parts = 1;
  double epsilon = 0;
  bool scale = true, center = true;  // gamma, beta are inputs

  explicit Layout(const KernelRequest& r)
      : epsilon(r.attrs.number("epsilon", 0.0)),
        scale(r.attrs.flag("scale", true)),
        center(r.attrs.flag("center", true)) {
    const Shape& x = r.in[0].shape;
    const int axis = normalize_axis(r.attrs.integer("axis", -1), x.rank(), r.op);
    outer = x.elements(0, axis);
    channels = x[axis];
    inner = x.elements(axis + 1, x.rank());
    const int64_t blocks = std::max<int64_t>(1, (channels + kColumns - 1) / kColumns);
    parts = std::clamp<int64_t>(512 / blocks, 1, std::max<int64_t>(1, positions() / 128));
  }

  __host__ __device__ int64_t positions() const { return outer * inner; }
  __host__ __device__ int64_t size() const { return outer * channels * inner; }
  __device__ int64_t at(int64_t position, int64_t channel) const {
    if (inner == 1) return position * channels + channel;  // divisions of 64 bits are slow
    return (position / inner * channels + channel) * inner + position % inner;
  }
};

// The channels of elements that follow one another.
struct ChannelWalk {
  const Layout& l;
  int64_t channel, within;

  __device__ ChannelWalk(const Layout& layout, int64_t element) : l(layout) {
    if (element <= 0x7FFFFFFF) {
      const auto e = static_cast<uint32_t>(element), inner = static_cast<uint32_t>(l.inner);
      within = e % inner;
      channel = e / inner % static_cast<uint32_t>(l.channels);
    } else {
      within = element % l.inner;
      channel = element / l.inner % l.channels;
    }
  }
  __device__ void go_on() {
    if (++within < l.inner) return;
    within = 0;
    if (++channel == l.channels) channel = 0;
  }
};

// y[i] = f(a[i], b[i], entries of f's tables for the channel of i); b may be nullptr. A table that
// is not there has the same entry for all.
template <class T, class F>
struct EachElement {
  static constexpr int kMany = Pack<T>::kMany;
  Layout l;
  const T *a, *b;
  T* y;
  bool packs;        // a, b and y are moved in packs
  bool table_packs;  // so are tables
  F f;

  __device__ void read_tables(ChannelWalk& walk, T (&c)[kMany][F::kTables]) const {
    if (table_packs) {
      for (int k = 0; k < F::kTables; ++k) {
        if (!f.table[k]) continue;
        const Pack<T> entries = load_pack(f.table[k] + walk.channel);
        for (int i = 0; i < kMany; ++i) c[i][k] = entries.v[i];
      }
      return;
    }
    for (int i = 0; i < kMany; ++i, walk.go_on())
      for (int k = 0; k < F::kTables; ++k)
        if (f.table[k]) c[i][k] = f.table[k][walk.channel];
  }

  __device__ void operator()(int64_t number) const {
    const int64_t first = number * kMany, size = l.size();
    ChannelWalk walk(l, first);
    T c[kMany][F::kTables];
    for (int i = 0; i < kMany; ++i)
      for (int k = 0; k < F::kTables; ++k) c[i][k] = F::absent(k);
    read_tables(walk, c);
    Pack<T> x{}, z{};
    if (packs && first + kMany <= size) {
      x = load_pack(a + first);
      if (b) z = load_pack(b + first);
      for (int i = 0; i < kMany; ++i) x.v[i] = f(x.v[i], z.v[i], c[i]);
      store_pack(y + first, x);
      return;
    }
    for (int i = 0; i < kMany; ++i)
      if (first + i < size) y[first + i] = f(a[first + i], b ? b[first + i] : T(0), c[i]);
  }
};

template <class T, class F>
void each_element(const RunArgs& args, const Layout& l, const T* a, const T* b, T* y, const F& f) {
  constexpr int kMany = Pack<T>::kMany;
  const bool packs = in_packs(a) && in_packs(y) && (!b || in_packs(b));
  bool table_packs = l.inner == 1 && l.channels % kMany == 0;
  for (const T* table : f.table) table_packs = table_packs && (!table || in_packs(table));
  each(args, (l.size() + kMany - 1) / kMany, EachElement<T, F>{l, a, b, y, packs, table_packs, f});
}

}  // namespace kn::cuda
