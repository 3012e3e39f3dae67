// (batch, m, k) · (batch, k, n).
#pragma once

#include <cstdint>

namespace kn::cuda {

struct ProductSize {
  int64_t batch, m, n, k;
  bool operator==(const ProductSize&) const = default;
};

}  // namespace kn::cuda
