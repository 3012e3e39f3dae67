// How indexing ops see their operands, and the loops over rows.
#pragma once

#include <cstring>

#include "cpu/isa/isa.h"
#include "runtime/kernel.h"

namespace kn::cpu {

// params (outer, extent, inner), indices (indices), result (outer, indices, inner).
struct GatherView {
  Dim outer, extent, inner, indices;
};

inline GatherView gather_view(const KernelRequest& r) {
  const Shape& params = r.in[0].shape;
  const int axis = normalize_axis(r.attrs.integer("axis", 0), params.rank(), r.op);
  return {params.elements(0, axis), params[axis], params.elements(axis + 1, params.rank()),
          r.in[1].shape.elements()};
}

// x (outer, extent, inner), indices and result (outer, taken, inner).
struct AlongView {
  Dim outer, extent, inner, taken;
};

inline AlongView along_view(const KernelRequest& r) {
  const Shape& x = r.in[0].shape;
  const int axis = normalize_axis(r.attrs.integer("axis", -1), x.rank(), r.op);
  return {x.elements(0, axis), x[axis], x.elements(axis + 1, x.rank()), r.in[1].shape[axis]};
}

// to[i] += from[i], by the vector loop where there is one.
template <class T>
using RowAdder = void (*)(const T* from, T* to, int64_t n);

template <class T>
RowAdder<T> row_adder() {
  if constexpr (std::is_same_v<T, float>) {
    return table().movement.add_f32;
  } else if constexpr (std::is_same_v<T, double>) {
    return table().movement.add_f64;
  } else {
    return [](const T* from, T* to, int64_t n) {
      for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(to[i] + from[i]);
    };
  }
}

// False where an index lies outside the axis.
template <class T, class I>
bool gather_elements(const void* params, Dim extent, const I* indices, Dim n, void* out) {
  const T* from = static_cast<const T*>(params);
  T* to = static_cast<T*>(out);
  bool all = true;
  for (Dim i = 0; i < n; ++i) {
    const Dim at = static_cast<Dim>(indices[i]);
    const bool inside = at >= 0 && at < extent;
    to[i] = inside ? from[at] : T{};
    all &= inside;
  }
  return all;
}

// out row i = params row indices[i], zeros where there is no such row, and false then. Rows of a
// large table miss the caches, so those to come are asked for early.
template <class I>
bool gather_rows(const char* params, Dim extent, Dim bytes, const I* indices, Dim n, char* out) {
  constexpr Dim kAhead = 8;
  bool all = true;
  switch (bytes) {
    case 1: return gather_elements<uint8_t>(params, extent, indices, n, out);
    case 2: return gather_elements<uint16_t>(params, extent, indices, n, out);
    case 4: return gather_elements<uint32_t>(params, extent, indices, n, out);
    case 8: return gather_elements<uint64_t>(params, extent, indices, n, out);
    default: break;
  }
  for (Dim i = 0; i < n; ++i) {
    const Dim at = static_cast<Dim>(indices[i]);
    if (i + kAhead < n) {
      const Dim next = static_cast<Dim>(indices[i + kAhead]);
      if (next >= 0 && next < extent) __builtin_prefetch(params + next * bytes);
    }
    if (at >= 0 && at < extent) {
      std::memcpy(out + i * bytes, params + at * bytes, static_cast<size_t>(bytes));
    } else {
      std::memset(out + i * bytes, 0, static_cast<size_t>(bytes));
      all = false;
    }
  }
  return all;
}

// Reports the first of n indices that lies outside the axis.
template <class I>
void report_outside(Fault* fault, const I* indices, Dim n, Dim extent) {
  for (Dim i = 0; fault && i < n; ++i) {
    const Dim at = static_cast<Dim>(indices[i]);
    if (at < 0 || at >= extent) return fault->outside(static_cast<double>(at), extent);
  }
}

}  // namespace kn::cpu
