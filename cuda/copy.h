// Copies between two walks over memory, elements of any type by their size.
#pragma once

#include "each.h"
#include "strided.h"

namespace kn::cuda {

template <class T>
struct CopyElements {
  Strided from, to;
  const T* in;
  T* out;
  __device__ void operator()(int64_t i) const { out[to(i)] = in[from(i)]; }
};

template <class T>
struct FillElements {
  T* out;
  T value;
  __device__ void operator()(int64_t i) const { out[i] = value; }
};

// Calls f with an unsigned integer of `bytes` bytes.
template <class F>
decltype(auto) with_width(size_t bytes, F&& f) {
  switch (bytes) {
    case 1: return f(uint8_t{});
    case 2: return f(uint16_t{});
    case 4: return f(uint32_t{});
    default: return f(uint64_t{});
  }
}

// out[to(i)] = in[from(i)] for i in [0, n).
inline void copy_elements(const RunArgs& args, int64_t n, size_t width, const void* in,
                          const Strided& from, void* out, const Strided& to) {
  with_width(width, [&](auto zero) {
    using T = decltype(zero);
    each(args, n, CopyElements<T>{from, to, static_cast<const T*>(in), static_cast<T*>(out)});
  });
}

// n elements of `width` bytes, each with the bits of `value`.
inline void fill_elements(const RunArgs& args, int64_t n, size_t width, void* out, uint64_t value) {
  with_width(width, [&](auto zero) {
    using T = decltype(zero);
    each(args, n, FillElements<T>{static_cast<T*>(out), static_cast<T>(value)});
  });
}

// The bits of `value` as an element of `dtype`.
uint64_t element_bits(double value, DType dtype);

}  // namespace kn::cuda
