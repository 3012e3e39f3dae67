// Variances are exact where one-pass formulas cancel: each block of rows is small enough to stay in
// the cache, so its mean comes first and its squared distances second, and blocks are combined as
// by Chan, Golub and LeVeque (1979).
#include "cpu/isa/normalization.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"

namespace kn::cpu {
namespace {

constexpr int kStrip = 4;               // vectors of channels held in registers
constexpr int64_t kBlockBytes = 16384;  // of rows between the two looks at them

// Lanes of channels as one value: a vector, or a single element for the rest of a row.
KN_INLINE float get(const float* p, float) { return *p; }
KN_INLINE double get(const double* p, double) { return *p; }
KN_INLINE VecF get(const float* p, VecF) { return load(p); }
KN_INLINE VecD get(const double* p, VecD) { return load(p); }

// Writes the lanes of v from `skip` on.
template <class T, class V>
KN_INLINE void put(T* p, V v, int skip) {
  if constexpr (sizeof(V) == sizeof(T)) {
    *p = v;
  } else if (skip == 0) {
    store(p, v);
  } else {
    for (int i = skip; i < static_cast<int>(sizeof(V) / sizeof(T)); ++i) p[i] = v[i];
  }
}

// Calls body.template run<V, N>(channel, skip) over strips of N vectors, then vectors. The last
// vector may reach back over channels that are done: those `skip` lanes must not be written again.
template <class T, class Body>
KN_INLINE void over_channels(int64_t c, const Body& body) {
  typedef typename VecOf<T>::type V;
  constexpr int kLanes = sizeof(V) / sizeof(T);
  int64_t at = 0;
  for (; at + kStrip * kLanes <= c; at += kStrip * kLanes) body.template run<V, kStrip>(at, 0);
  for (; at + kLanes <= c; at += kLanes) body.template run<V, 1>(at, 0);
  if (at < c && c >= kLanes) body.template run<V, 1>(c - kLanes, static_cast<int>(at + kLanes - c));
  else
    for (; at < c; ++at) body.template run<T, 1>(at, 0);
}

// So many rows of c channels, fewer than a vector has lanes, make a whole number of vectors.
template <class T>
KN_INLINE int64_t rows_per_vector(int64_t c) {
  int64_t rows = sizeof(typename VecOf<T>::type) / sizeof(T);
  while (rows % 2 == 0 && c % 2 == 0) rows /= 2, c /= 2;
  return rows;
}

// Channels of such rows laid side by side: less than lanes squared.
template <class T>
constexpr int kMostFolded = (kVecBytes / sizeof(T)) * (kVecBytes / sizeof(T));

// Adds moments of b elements to those of a elements.
template <class T, class V>
KN_INLINE void join_moments(T* mean, T* m2, int64_t before, V mean_b, V m2_b, int64_t added,
                            int skip) {
  const T a = static_cast<T>(before), b = static_cast<T>(added);
  const V old = get(mean, V{}), delta = mean_b - old;
  put(mean, old + delta * (b / (a + b)), skip);
  put(m2, get(m2, V{}) + m2_b + delta * delta * (a * (b / (a + b))), skip);
}

// Adds the moments of `rows` rows to those of `before` rows.
template <class T>
struct MomentsBlock {
  const T* x;
  int64_t rows, c, before;
  T *mean, *m2;

  template <class V, int N>
  KN_INLINE void run(int64_t at, int skip) const {
    constexpr int kLanes = sizeof(V) / sizeof(T);
    V sum[N] = {}, square[N] = {}, center[N];
    for (int64_t r = 0; r < rows; ++r)
      for (int k = 0; k < N; ++k) sum[k] += get(x + r * c + at + k * kLanes, V{});
    for (int k = 0; k < N; ++k) center[k] = sum[k] / static_cast<T>(rows);
    for (int64_t r = 0; r < rows; ++r)
      for (int k = 0; k < N; ++k) {
        const V d = get(x + r * c + at + k * kLanes, V{}) - center[k];
        square[k] += d * d;
      }
    for (int k = 0; k < N; ++k)
      join_moments(mean + at + k * kLanes, m2 + at + k * kLanes, before, center[k], square[k], rows,
                   skip);
  }
};

template <class T>
KN_INLINE int64_t block_rows(int64_t c) {
  const int64_t rows = kBlockBytes / (c * static_cast<int64_t>(sizeof(T)));
  return rows < 16 ? 16 : rows;
}

// `before` rows are in mean and m2 already.
template <class T>
void add_row_moments(const T* x, int64_t rows, int64_t c, int64_t before, T* mean, T* m2) {
  const int64_t block = block_rows<T>(c);
  for (int64_t at = 0; at < rows; at += block) {
    const int64_t n = rows - at < block ? rows - at : block;
    over_channels<T>(c, MomentsBlock<T>{x + at * c, n, c, before + at, mean, m2});
  }
}

template <class T>
void row_moments(const T* x, int64_t rows, int64_t c, T* mean, T* m2) {
  for (int64_t i = 0; i < c; ++i) mean[i] = m2[i] = 0;
  int64_t done = 0;
  const int64_t fold = rows_per_vector<T>(c);
  if (c * static_cast<int64_t>(sizeof(T)) < kVecBytes && rows >= 2 * fold) {
    T wide_mean[kMostFolded<T>] = {}, wide_m2[kMostFolded<T>] = {};
    const int64_t n = rows / fold;
    add_row_moments(x, n, c * fold, 0, wide_mean, wide_m2);
    for (int64_t j = 0; j < fold; ++j)
      for (int64_t i = 0; i < c; ++i)
        join_moments(mean + i, m2 + i, j * n, wide_mean[j * c + i], wide_m2[j * c + i], n, 0);
    done = n * fold;
  }
  add_row_moments(x + done * c, rows - done, c, done, mean, m2);
}

template <class T>
struct SumsBlock {
  const T *x, *dy;
  int64_t rows, c;
  const T* mean;
  T *sum_dy, *sum_dy_x;

  template <class V, int N>
  KN_INLINE void run(int64_t at, int skip) const {
    constexpr int kLanes = sizeof(V) / sizeof(T);
    V sum[N] = {}, product[N] = {}, center[N];
    for (int k = 0; k < N; ++k) center[k] = get(mean + at + k * kLanes, V{});
    for (int64_t r = 0; r < rows; ++r)
      for (int k = 0; k < N; ++k) {
        const int64_t i = r * c + at + k * kLanes;
        const V d = get(dy + i, V{});
        sum[k] += d;
        product[k] += d * (get(x + i, V{}) - center[k]);
      }
    for (int k = 0; k < N; ++k) {
      T *sum_at = sum_dy + at + k * kLanes, *product_at = sum_dy_x + at + k * kLanes;
      put(sum_at, get(sum_at, V{}) + sum[k], skip);
      put(product_at, get(product_at, V{}) + product[k], skip);
    }
  }
};

template <class T>
void add_row_sums(const T* x, const T* dy, int64_t rows, int64_t c, const T* mean, T* sum_dy,
                  T* sum_dy_x) {
  const int64_t block = block_rows<T>(c);
  for (int64_t at = 0; at < rows; at += block) {
    const int64_t n = rows - at < block ? rows - at : block;
    over_channels<T>(c, SumsBlock<T>{x + at * c, dy + at * c, n, c, mean, sum_dy, sum_dy_x});
  }
}

template <class T>
void row_sums(const T* x, const T* dy, int64_t rows, int64_t c, const T* mean, T* sum_dy,
              T* sum_dy_x) {
  for (int64_t i = 0; i < c; ++i) sum_dy[i] = sum_dy_x[i] = 0;
  int64_t done = 0;
  const int64_t fold = rows_per_vector<T>(c);
  if (c * static_cast<int64_t>(sizeof(T)) < kVecBytes && rows >= 2 * fold) {
    T wide_mean[kMostFolded<T>] = {}, wide_sum[kMostFolded<T>] = {},
      wide_product[kMostFolded<T>] = {};
    for (int64_t i = 0; i < c * fold; ++i) wide_mean[i] = mean[i % c];
    const int64_t n = rows / fold;
    add_row_sums(x, dy, n, c * fold, wide_mean, wide_sum, wide_product);
    for (int64_t i = 0; i < c * fold; ++i) {
      sum_dy[i % c] += wide_sum[i];
      sum_dy_x[i % c] += wide_product[i];
    }
    done = n * fold;
  }
  add_row_sums(x + done * c, dy + done * c, rows - done, c, mean, sum_dy, sum_dy_x);
}

template <class T>
void rows_apply(const T* x, int64_t rows, int64_t c, const T* mean, const T* factor, const T* shift,
                T* y) {
  for (int64_t r = 0; r < rows; ++r, x += c, y += c) {
    KN_INDEPENDENT for (int64_t i = 0; i < c; ++i) y[i] = (x[i] - mean[i]) * factor[i] + shift[i];
  }
}

template <class T>
void rows_back(const T* x, const T* dy, int64_t rows, int64_t c, const T* mean, const T* factor,
               const T* shift, const T* slope, T* dx) {
  for (int64_t r = 0; r < rows; ++r, x += c, dy += c, dx += c) {
    KN_INDEPENDENT for (int64_t i = 0; i < c; ++i) dx[i] =
        factor[i] * (dy[i] - shift[i] - (x[i] - mean[i]) * slope[i]);
  }
}

// A plane is rows of kStrip vectors that are added up at the end, and a rest.
template <class T>
struct Plane {
  typedef Vec<T> V;
  static constexpr int kLanes = sizeof(V) / sizeof(T);
  static constexpr int64_t kWide = kStrip * kLanes;
};

template <class T, class V>
KN_INLINE T total_of(const V* v) {
  const V all = (v[0] + v[1]) + (v[2] + v[3]);
  T total = 0;
  for (int i = 0; i < static_cast<int>(sizeof(V) / sizeof(T)); ++i) total += all[i];
  return total;
}

template <class T>
void plane_moments(const T* x, int64_t n, T* mean, T* m2) {
  typedef Plane<T> P;
  typedef typename P::V V;
  constexpr int64_t kBlock = kBlockBytes / sizeof(T);
  *mean = *m2 = 0;
  for (int64_t from = 0; from < n; from += kBlock) {
    const int64_t count = n - from < kBlock ? n - from : kBlock;
    const T* b = x + from;
    V sum[kStrip] = {}, square[kStrip] = {};
    int64_t i = 0;
    for (; i + P::kWide <= count; i += P::kWide)
      for (int k = 0; k < kStrip; ++k) sum[k] += load(b + i + k * P::kLanes);
    T total = total_of<T>(sum);
    for (; i < count; ++i) total += b[i];
    const T center = total / static_cast<T>(count);
    for (i = 0; i + P::kWide <= count; i += P::kWide)
      for (int k = 0; k < kStrip; ++k) {
        const V d = load(b + i + k * P::kLanes) - center;
        square[k] += d * d;
      }
    T squares = total_of<T>(square);
    for (; i < count; ++i) squares += (b[i] - center) * (b[i] - center);
    join_moments(mean, m2, from, center, squares, count, 0);
  }
}

template <class T>
void plane_sums(const T* x, const T* dy, int64_t n, T mean, T* sum_dy, T* sum_dy_x) {
  typedef Plane<T> P;
  typedef typename P::V V;
  V sum[kStrip] = {}, product[kStrip] = {};
  int64_t i = 0;
  for (; i + P::kWide <= n; i += P::kWide)
    for (int k = 0; k < kStrip; ++k) {
      const V d = load(dy + i + k * P::kLanes);
      sum[k] += d;
      product[k] += d * (load(x + i + k * P::kLanes) - mean);
    }
  *sum_dy = total_of<T>(sum);
  *sum_dy_x = total_of<T>(product);
  for (; i < n; ++i) {
    *sum_dy += dy[i];
    *sum_dy_x += dy[i] * (x[i] - mean);
  }
}

template <class T>
void plane_apply(const T* x, int64_t n, T mean, T factor, T shift, T* y) {
  KN_INDEPENDENT for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * factor + shift;
}

template <class T>
void plane_back(const T* x, const T* dy, int64_t n, T mean, T factor, T shift, T slope, T* dx) {
  KN_INDEPENDENT for (int64_t i = 0; i < n; ++i) dx[i] =
      factor * (dy[i] - shift - (x[i] - mean) * slope);
}

template <class T>
void fill(NormalizationLoops<T>& loops) {
  loops = {row_moments<T>, plane_moments<T>, rows_apply<T>, plane_apply<T>,
           row_sums<T>,    plane_sums<T>,    rows_back<T>,  plane_back<T>};
}

}  // namespace

KN_FILL(normalization) {
  fill(table.normalization.f32);
  fill(table.normalization.f64);
}

}  // namespace kn::cpu
