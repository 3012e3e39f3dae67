#include "cpu/isa/softmax.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/softmax_row.inc"

namespace kn::cpu {
namespace {

// ---- Rows ----

template <class T>
struct Softmax {
  const T* x;
  int64_t rows, n;
  T* y;

  template <int N>
  KN_INLINE void run() const {
    const Row<T, N> row(n);
    for (int64_t r = 0; r < rows; ++r) {
      T* to = y + r * n;
      Kept<T, N> e(to);
      const T factor = 1 / exps(row, x + r * n, e).sum;
      row.each([&](int64_t k) { row.put(to, k, e.get(row, k) * factor); });
    }
  }
};

// The logarithms of many rows' sums are taken in one vector. Top and logarithm are subtracted one
// after the other: their sum may lose the digits of the second.
template <class T>
struct LogSoftmax {
  static constexpr int kRows = 64;
  const T* x;
  int64_t rows, n;
  T* y;

  template <int N>
  KN_INLINE void run() const {
    const Row<T, N> row(n);
    T top[kRows], rest[kRows];
    for (int64_t from = 0; from < rows; from += kRows) {
      const int count = rows - from < kRows ? static_cast<int>(rows - from) : kRows;
      for (int i = 0; i < count; ++i) {
        const T* at = x + (from + i) * n;
        top[i] = largest(row, at);
        rest[i] = row.sum([&](int64_t k) { return vexp(row.get(at, k) - top[i]); });
      }
      logs(rest, count);
      for (int i = 0; i < count; ++i) {
        const int64_t at = (from + i) * n;
        row.each([&](int64_t k) { row.put(y + at, k, row.get(x + at, k) - top[i] - rest[i]); });
      }
    }
  }
};

template <class T, bool log>
struct Backward {
  const T *y, *g;
  int64_t rows, n;
  T* dx;

  template <int N>
  KN_INLINE void run() const {
    const Row<T, N> row(n);
    for (int64_t r = 0; r < rows; ++r) {
      const T *y_row = y + r * n, *g_row = g + r * n;
      const T sum = row.sum([&](int64_t k) {
        return log ? row.get(g_row, k) : row.get(g_row, k) * row.get(y_row, k);
      });
      row.each([&](int64_t k) {
        const Vec<T> at = row.get(y_row, k), grad = row.get(g_row, k);
        if constexpr (log) row.put(dx + r * n, k, grad - vexp(at) * sum);
        else row.put(dx + r * n, k, at * (grad - sum));
      });
    }
  }
};

template <class T, template <class> class Forward>
void rows(const T* x, int64_t rows, int64_t n, T* y) {
  with_row_width<T>(n, Forward<T>{x, rows, n, y});
}
template <class T, bool log>
void rows_grad(const T* y, const T* g, int64_t rows, int64_t n, T* dx) {
  with_row_width<T>(n, Backward<T, log>{y, g, rows, n, dx});
}

// ---- Columns: a vector of them at a time ----

template <class T>
KN_INLINE Vec<T> get(const T* p, int count) {
  return count < kLanes<T> ? load_first(p, count) : load(p);
}
template <class T>
KN_INLINE void put(T* p, Vec<T> v, int count) {
  if (count < kLanes<T>) store_first(p, v, count);
  else store(p, v);
}

template <class T, class F>
KN_INLINE void over_columns(int64_t columns, const F& f) {
  int64_t at = 0;
  for (; at + kLanes<T> <= columns; at += kLanes<T>) f(at, kLanes<T>);
  if (at < columns) f(at, static_cast<int>(columns - at));
}

template <class T, bool log>
void columns(const T* x, int64_t n, int64_t stride, int64_t columns, T* y) {
  typedef Vec<T> V;
  over_columns<T>(columns, [&](int64_t at, int count) {
    const T* from = x + at;
    T* to = y + at;
    V top = get(from, count), sum{};
    for (int64_t k = 1; k < n; ++k) top = Max::step(top, get(from + k * stride, count));
    if constexpr (log) {
      for (int64_t k = 0; k < n; ++k) sum += vexp(get(from + k * stride, count) - top);
      const V rest = vlog(sum);
      for (int64_t k = 0; k < n; ++k)
        put<T>(to + k * stride, get(from + k * stride, count) - top - rest, count);
    } else {
      for (int64_t k = 0; k < n; ++k) {
        const V e = vexp(get(from + k * stride, count) - top);
        sum += e;
        put<T>(to + k * stride, e, count);
      }
      const V factor = 1 / sum;
      for (int64_t k = 0; k < n; ++k)
        put<T>(to + k * stride, get(static_cast<const T*>(to) + k * stride, count) * factor, count);
    }
  });
}

template <class T, bool log>
void columns_grad(const T* y, const T* g, int64_t n, int64_t stride, int64_t columns, T* dx) {
  typedef Vec<T> V;
  over_columns<T>(columns, [&](int64_t at, int count) {
    V sum{};
    for (int64_t k = 0; k < n; ++k) {
      const V grad = get(g + at + k * stride, count);
      sum += log ? grad : grad * get(y + at + k * stride, count);
    }
    for (int64_t k = 0; k < n; ++k) {
      const V out = get(y + at + k * stride, count), grad = get(g + at + k * stride, count);
      put<T>(dx + at + k * stride, log ? grad - vexp(out) * sum : out * (grad - sum), count);
    }
  });
}

template <class T>
void fill(SoftmaxLoops<T>& l) {
  l = {rows<T, Softmax>,  rows<T, LogSoftmax>, rows_grad<T, false>,    rows_grad<T, true>,
       columns<T, false>, columns<T, true>,    columns_grad<T, false>, columns_grad<T, true>};
}

}  // namespace

KN_FILL(softmax) {
  fill(table.softmax.f32);
  fill(table.softmax.f64);
}

}  // namespace kn::cpu
