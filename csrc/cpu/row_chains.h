// Which entries of a list of indices name each row of a table: chains in order of occurrence, so
// that sums over them have one order.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kn::cpu {

class RowChains {
 public:
  static constexpr int32_t kEnd = -1;

  RowChains(int32_t* first, int32_t* next) : first_(first), next_(next) {}

  static int64_t elements(int64_t rows, int64_t indices) { return rows + indices; }

  // Indices outside [0, rows) are in no chain.
  template <class I>
  void link(const I* indices, int64_t n, int64_t rows) {
    std::fill_n(first_, rows, kEnd);
    for (int64_t i = n - 1; i >= 0; --i) {
      const int64_t row = static_cast<int64_t>(indices[i]);
      if (row < 0 || row >= rows) continue;
      next_[i] = first_[row];
      first_[row] = static_cast<int32_t>(i);
    }
  }
  int32_t first(int64_t row) const { return first_[row]; }
  int32_t next(int32_t entry) const { return next_[entry]; }

 private:
  int32_t* first_;
  int32_t* next_;
};

}  // namespace kn::cpu
