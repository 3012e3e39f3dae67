// Plain loops over channels, which the compiler turns into vectors; blocks of channels stay in
// registers or the first cache while the cells of a window pass by.
#include "cpu/isa/pool.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"

#define KN_EACH_CHANNEL _Pragma("GCC ivdep") for (int64_t c = 0; c < count; ++c)

namespace kn::cpu {
namespace {

constexpr int64_t kBlock = 64;  // channels at a time

template <class T>
struct Pool {
  KN_INLINE static void maximum(const T* const* cells, int64_t n, int64_t from, int64_t count,
                                T* best) {
    KN_EACH_CHANNEL best[c] = cells[0][from + c];
    for (int64_t t = 1; t < n; ++t) {
      const T* x = cells[t] + from;
      KN_EACH_CHANNEL best[c] = x[c] > best[c] ? x[c] : best[c];
    }
  }

  static void max(const T* const* cells, int64_t n, T* y, int64_t channels) {
    for (int64_t from = 0; from < channels; from += kBlock) {
      const int64_t count = channels - from < kBlock ? channels - from : kBlock;
      T best[kBlock];
      maximum(cells, n, from, count, best);
      KN_EACH_CHANNEL y[from + c] = best[c];
    }
  }

  // A NaN is never larger and never equal: the first cell of its window gets what is left over.
  static void max_data(const T* const* cells, int64_t n, const T* dy, T* const* dx,
                       int64_t channels) {
    for (int64_t from = 0; from < channels; from += kBlock) {
      const int64_t count = channels - from < kBlock ? channels - from : kBlock;
      T best[kBlock], left[kBlock];
      maximum(cells, n, from, count, best);
      KN_EACH_CHANNEL left[c] = dy[from + c];
      for (int64_t t = 0; t < n; ++t) {
        const T* x = cells[t] + from;
        T* d = dx[t] + from;
        KN_EACH_CHANNEL {
          const bool hit = x[c] == best[c];
          d[c] += hit ? left[c] : T(0);
          left[c] = hit ? T(0) : left[c];
        }
      }
      T* d = dx[0] + from;
      KN_EACH_CHANNEL d[c] += left[c];
    }
  }

  static void max_pick(const T* const* cells, int64_t n, const T* const* g, T* y,
                       int64_t channels) {
    for (int64_t from = 0; from < channels; from += kBlock) {
      const int64_t count = channels - from < kBlock ? channels - from : kBlock;
      T best[kBlock], picked[kBlock];
      maximum(cells, n, from, count, best);
      KN_EACH_CHANNEL picked[c] = g[0][from + c];
      for (int64_t t = n - 1; t >= 0; --t) {
        const T *x = cells[t] + from, *value = g[t] + from;
        KN_EACH_CHANNEL picked[c] = x[c] == best[c] ? value[c] : picked[c];
      }
      KN_EACH_CHANNEL y[from + c] = picked[c];
    }
  }

  static void average(const T* const* cells, int64_t n, T* y, int64_t channels) {
    for (int64_t from = 0; from < channels; from += kBlock) {
      const int64_t count = channels - from < kBlock ? channels - from : kBlock;
      T sum[kBlock];
      KN_EACH_CHANNEL sum[c] = cells[0][from + c];
      for (int64_t t = 1; t < n; ++t) {
        const T* x = cells[t] + from;
        KN_EACH_CHANNEL sum[c] += x[c];
      }
      const T size = static_cast<T>(n);
      KN_EACH_CHANNEL y[from + c] = sum[c] / size;
    }
  }

  static void average_data(const T* dy, int64_t n, T* const* dx, int64_t channels) {
    const T size = static_cast<T>(n);
    for (int64_t from = 0; from < channels; from += kBlock) {
      const int64_t count = channels - from < kBlock ? channels - from : kBlock;
      T part[kBlock];
      KN_EACH_CHANNEL part[c] = dy[from + c] / size;
      for (int64_t t = 0; t < n; ++t) {
        T* d = dx[t] + from;
        KN_EACH_CHANNEL d[c] += part[c];
      }
    }
  }

  static PoolKernels<T> kernels() { return {max, max_data, max_pick, average, average_data}; }
};

}  // namespace

KN_FILL(pool) {
  table.pool.f32 = Pool<float>::kernels();
  table.pool.f64 = Pool<double>::kernels();
}

}  // namespace kn::cpu
