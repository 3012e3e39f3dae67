// What each reduction keeps of the elements so far, and how two of that are joined.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "launch.h"

namespace kn::cuda {

template <class T>
using Total = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;

template <class T>
struct SumRule {
  using Acc = Total<T>;
  bool mean;
  __device__ Acc none() const { return 0; }
  __device__ Acc with(Acc a, T x) const { return a + static_cast<Acc>(x); }
  __device__ Acc join(Acc a, Acc b) const { return a + b; }
  __device__ T result(Acc a, int64_t n) const {
    if (!mean) return static_cast<T>(a);
    if constexpr (std::is_floating_point_v<T>) return a / static_cast<T>(n);
    else return n ? static_cast<T>(static_cast<int64_t>(a) / n) : T{};
  }
};

template <class T>
struct ProductRule {
  using Acc = Total<T>;
  __device__ Acc none() const { return 1; }
  __device__ Acc with(Acc a, T x) const { return a * static_cast<Acc>(x); }
  __device__ Acc join(Acc a, Acc b) const { return a * b; }
  __device__ T result(Acc a, int64_t) const { return static_cast<T>(a); }
};

// NaN stays.
template <class T>
struct ExtremeRule {
  using Acc = T;
  bool largest;
  T first;
  __device__ Acc none() const { return first; }
  __device__ Acc with(Acc a, T x) const { return (largest ? x > a : x < a) || x != x ? x : a; }
  __device__ Acc join(Acc a, Acc b) const { return a != a ? a : with(a, b); }
  __device__ T result(Acc a, int64_t) const { return a; }
};

// Number, mean and sum of squared distances from it (Welford; joined as by Chan et al.).
template <class T>
struct MomentsRule {
  struct Acc {
    T n, mean, squares;
  };
  bool root;
  __device__ Acc none() const { return {0, 0, 0}; }
  __device__ Acc with(Acc a, T x) const {
    a.n += 1;
    const T d = x - a.mean;
    a.mean += d / a.n;
    a.squares += d * (x - a.mean);
    return a;
  }
  __device__ Acc join(Acc a, Acc b) const {
    const T n = a.n + b.n;
    if (n == 0) return a;
    const T d = b.mean - a.mean, share = b.n / n;
    return {n, a.mean + d * share, a.squares + b.squares + d * d * a.n * share};
  }
  __device__ T result(Acc a, int64_t n) const {
    const T variance = a.squares / static_cast<T>(n);
    return root ? std::sqrt(variance) : variance;
  }
};

// sum of exp(x - top), with the largest x so far as top.
template <class T>
struct LogSumExpRule {
  struct Acc {
    T top, sum;
  };
  __device__ Acc none() const { return {-std::numeric_limits<T>::infinity(), 0}; }
  __device__ Acc with(Acc a, T x) const { return join(a, {x, 1}); }
  __device__ Acc join(Acc a, Acc b) const {
    if (a.top == b.top) return {a.top, a.sum + b.sum};
    if (a.top > b.top) return {a.top, a.sum + b.sum * std::exp(b.top - a.top)};
    if (a.top < b.top) return {b.top, b.sum + a.sum * std::exp(a.top - b.top)};
    return {a.top + b.top, a.sum + b.sum};  // NaN
  }
  __device__ T result(Acc a, int64_t) const { return a.top + std::log(a.sum); }
};

}  // namespace kn::cuda
