// Rows added by index, deterministically: the indices are sorted, equal ones in their order, and
// each row is summed by whoever holds its first index.
#pragma once

#include "each.h"
#include "index_input.h"
#include "sort.h"

namespace kn::cuda {

// x (outer, extent, inner) and `count` indices along the middle axis.
struct Rows {
  int64_t outer, extent, inner, count;

  Rows(int64_t outer, int64_t extent, int64_t inner, int64_t count)
      : outer(outer), extent(extent), inner(inner), count(count) {}
  explicit Rows(const KernelRequest& r) {
    const Shape& x = r.in[0].shape;
    const int axis = normalize_axis(r.attrs.integer("axis", 0), x.rank(), r.op);
    outer = x.elements(0, axis);
    extent = x[axis];
    inner = x.elements(axis + 1, x.rank());
    count = r.in[1].shape.elements();
  }
};

// Indices outside the axis sort behind all others.
struct MakeKeys {
  IndexInput indices;
  int64_t extent;
  RadixSort::Lists to;
  __device__ void operator()(int64_t i) const {
    const int64_t index = indices[i];
    const bool inside = index >= 0 && index < extent;
    to.keys[i] = static_cast<uint32_t>(inside ? index : extent);
    to.values[i] = static_cast<uint32_t>(i);
  }
};

template <class T>
struct SumRows {
  Rows rows;
  RadixSort::Lists sorted;
  const T* updates;  // (outer, count, inner)
  T* out;            // (outer, extent, inner)

  __device__ void operator()(int64_t position) const {
    const int64_t column = position % rows.inner, rest = position / rows.inner;
    const int64_t outer = rest / rows.count, first = rest % rows.count;
    const uint32_t key = sorted.keys[first];
    if (key == rows.extent || (first > 0 && sorted.keys[first - 1] == key)) return;
    T sum = 0;
    for (int64_t i = first; i < rows.count && sorted.keys[i] == key; ++i)
      sum += updates[(outer * rows.count + sorted.values[i]) * rows.inner + column];
    out[(outer * rows.extent + key) * rows.inner + column] = sum;
  }
};

}  // namespace kn::cuda
