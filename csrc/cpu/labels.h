// Class labels of any dtype, checked before they become an offset.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/dtype.h"

namespace kn::cpu {

// labels[i] as a class in [0, classes), fractions cut off; -1 where it is none (or NaN).
inline int64_t class_at(const void* labels, DType dtype, int64_t i, int64_t classes) {
  return dispatch(dtype, [&](auto zero) -> int64_t {
    using T = decltype(zero);
    const T label = static_cast<const T*>(labels)[i];
    if constexpr (std::is_floating_point_v<T>) {
      if (!(label > T{-1} && label < static_cast<T>(classes))) return -1;
    }
    const auto c = static_cast<int64_t>(label);
    return c >= 0 && c < classes ? c : -1;
  });
}

}  // namespace kn::cpu
