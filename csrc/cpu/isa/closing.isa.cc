#include "cpu/isa/closing.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"

namespace kn::cpu {
namespace {

template <class T>
void add_sums(const void* data, int64_t rows, int64_t n, double* total) {
  using V = Vec<T>;
  constexpr int kStep = kLanes<T>;
  const T* x = static_cast<const T*>(data);
  if (n < kStep) {  // the processor runs several rows at once
    for (int64_t r = 0; r < rows; ++r, x += n) {
      T even = 0, odd = 0;
      int64_t i = 0;
      for (; i + 2 <= n; i += 2) {
        even += x[i];
        odd += x[i + 1];
      }
      if (i < n) even += x[i];
      total[r] += static_cast<double>(even + odd);
    }
    return;
  }
  for (int64_t r = 0; r < rows; ++r, x += n) {
    V sum[4] = {};
    int64_t i = 0;
    for (; i + 4 * kStep <= n; i += 4 * kStep)
      for (int k = 0; k < 4; ++k) sum[k] += load(x + i + k * kStep);
    for (; i + kStep <= n; i += kStep) sum[0] += load(x + i);
    if (i < n) sum[1] += load_first(x + i, static_cast<int>(n - i));
    T lanes[kStep];
    store(lanes, (sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (int width = kStep / 2; width > 0; width /= 2)
      for (int k = 0; k < width; ++k) lanes[k] += lanes[k + width];
    total[r] += static_cast<double>(lanes[0]);
  }
}

struct Greatest {
  template <class V>
  static KN_INLINE V of(V best, V x) {
    return ((x > best) | (x != x)) ? x : best;
  }
};
struct Least {
  template <class V>
  static KN_INLINE V of(V best, V x) {
    return ((x < best) | (x != x)) ? x : best;
  }
};

template <class T, class Better>
double extreme(const void* data, int64_t n, double start) {
  using V = Vec<T>;
  constexpr int kStep = kLanes<T>;
  const T* x = static_cast<const T*>(data);
  V best = splat(static_cast<T>(start));
  int64_t i = 0;
  for (; i + kStep <= n; i += kStep) best = Better::of(best, load(x + i));
  T result = static_cast<T>(start);
  for (int k = 0; k < kStep; ++k) {
    const T lane = best[k];
    result = (Better::of(V{} + result, V{} + lane))[0];
  }
  for (; i < n; ++i) result = (Better::of(V{} + result, V{} + x[i]))[0];
  return static_cast<double>(result);
}

struct Sum {
  template <class V>
  static KN_INLINE V of(V total, V x) {
    return total + x;
  }
};

// Vectors of columns, down all rows: a vector that reaches into the next row is harmless there, and
// only the last rows need care at the end of x.
template <class T, class Join>
void join_rows(const void* data, int64_t rows, int64_t n, void* totals) {
  using V = Vec<T>;
  constexpr int kStep = kLanes<T>;
  const T* x = static_cast<const T*>(data);
  T* total = static_cast<T*>(totals);
  const T* end = x + rows * n;
  for (int64_t j = 0; j < n; j += kStep) {
    const int width = n - j < kStep ? static_cast<int>(n - j) : kStep;
    V sum = load_first(total + j, width);
    const T* p = x + j;
    int64_t r = 0;
    for (; r < rows && p + kStep <= end; ++r, p += n) sum = Join::of(sum, load(p));
    for (; r < rows; ++r, p += n) sum = Join::of(sum, load_first(p, width));
    store_first(total + j, sum, width);
  }
}

template <class T>
void set_closings(ClosingTable& t, int i) {
  t.add_sums[i] = add_sums<T>;
  t.max[i] = extreme<T, Greatest>;
  t.min[i] = extreme<T, Least>;
  t.add_rows[i] = join_rows<T, Sum>;
  t.max_rows[i] = join_rows<T, Greatest>;
  t.min_rows[i] = join_rows<T, Least>;
}

}  // namespace

KN_FILL(closing) {
  set_closings<float>(table.closing, 0);
  set_closings<double>(table.closing, 1);
}

}  // namespace kn::cpu
