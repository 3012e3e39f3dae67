// Class labels of any dtype, checked before they become an offset.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/dtype.h"
#include "runtime/fault.h"

namespace kn::cpu {

// labels[first + i] as a class in [0, n), fractions cut off; -1 where it is none (or NaN),
// which is reported.
inline void read_classes(const void* labels, DType dtype, int64_t first, int64_t count, int64_t n,
                         int64_t* classes, Fault* fault) {
  dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = static_cast<const T*>(labels) + first;
    for (int64_t i = 0; i < count; ++i) {
      bool fits = true;
      if constexpr (std::is_floating_point_v<T>)
        fits = from[i] > T{-1} && from[i] < static_cast<T>(n);
      const int64_t c = fits ? static_cast<int64_t>(from[i]) : -1;
      const bool inside = c >= 0 && c < n;
      classes[i] = inside ? c : -1;
      if (!inside && fault) fault->outside(static_cast<double>(from[i]), n);
    }
  });
}

}  // namespace kn::cpu
