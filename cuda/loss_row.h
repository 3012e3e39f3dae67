// One sample of a cross-entropy over classes, taken by a warp: its loss and its gradient. The
// formulas are in ops/loss.cc.
#pragma once

#include <cmath>
#include <limits>
#include <string_view>

#include "each.h"

namespace kn::cuda {

enum class LossKind { softmax, categorical, sparse, fused_categorical, fused_sparse, with_softmax };

inline LossKind loss_kind(std::string_view op) {
  if (op.starts_with("softmax_categorical")) return LossKind::fused_categorical;
  if (op.starts_with("softmax_sparse")) return LossKind::fused_sparse;
  if (op.starts_with("softmax_with")) return LossKind::with_softmax;
  if (op.starts_with("categorical")) return LossKind::categorical;
  return op.starts_with("sparse_categorical") ? LossKind::sparse : LossKind::softmax;
}

// The clip to [epsilon, 1 - epsilon].
template <class T>
struct LossBounds {
  T low, high;
  explicit LossBounds(double epsilon)
      : low(static_cast<T>(epsilon)), high(static_cast<T>(1) - static_cast<T>(epsilon)) {}
  __device__ T clip(T p) const { return p < low ? low : p > high ? high : p; }
  __device__ T inside(T p) const { return p >= low && p <= high ? T(1) : T(0); }
};

// One sample, as one lane sees it: the classes lane, lane + 32, …
template <class T>
struct LossRow {
  const T* x;  // predictions
  int64_t n;
  const T* target;  // nullptr where `label` speaks
  int64_t label;
  LossBounds<T> bounds;
  int lane;

  __device__ T t(int64_t k) const { return target ? target[k] : k == label ? T(1) : T(0); }
  __device__ bool no_label() const { return !target && label < 0; }
  template <class F>
  __device__ T sum(F f) const {
    T s = 0;
    for (int64_t k = lane; k < n; k += kWarp) s += f(k);
    return join_lanes(s, Add());
  }
  __device__ T top() const {
    T m = -std::numeric_limits<T>::infinity();
    for (int64_t k = lane; k < n; k += kWarp) m = Larger()(m, x[k]);
    return join_lanes(m, Larger());
  }
};

template <class T>
__device__ T loss_of(LossKind kind, const LossRow<T>& r) {
  const LossBounds<T>& bounds = r.bounds;
  switch (kind) {
    case LossKind::categorical: {
      const T s = r.sum([&](int64_t k) { return r.x[k]; });
      return -r.sum([&](int64_t k) { return r.t(k) * std::log(bounds.clip(r.x[k] / s)); });
    }
    case LossKind::fused_categorical:
      return -r.sum([&](int64_t k) { return r.t(k) * std::log(bounds.clip(r.x[k])); });
    case LossKind::sparse:
    case LossKind::fused_sparse: {
      const T s = r.sum([&](int64_t k) { return bounds.clip(r.x[k]); });
      if (r.no_label()) return std::numeric_limits<T>::quiet_NaN();
      return std::log(s) - std::log(bounds.clip(r.x[r.label]));
    }
    default: {
      // sum(t (lse - x)), from differences with the top: large logits cancel there.
      const T top = r.top();
      const T lse = std::log(r.sum([&](int64_t k) { return std::exp(r.x[k] - top); }));
      const T all = r.sum([&](int64_t k) { return r.t(k) == 0 ? T(0) : r.t(k) * (r.x[k] - top); });
      const T weight = r.sum([&](int64_t k) { return r.t(k); });
      if (r.no_label()) return std::numeric_limits<T>::quiet_NaN();
      return lse * weight - all;
    }
  }
}

// d loss / d x[k], times g; of the logits where x are the probabilities of a fused kind.
template <class T>
__device__ void gradient_of(LossKind kind, const LossRow<T>& r, T g, T* dx) {
  const LossBounds<T>& bounds = r.bounds;
  const auto put = [&](auto f) {
    __syncwarp();  // dx may be x, where other lanes have looked at a label's
    for (int64_t k = r.lane; k < r.n; k += kWarp) dx[k] = r.no_label() ? T(0) : f(k);
  };
  switch (kind) {
    case LossKind::categorical: {
      const T s = r.sum([&](int64_t k) { return r.x[k]; });
      const auto kept = [&](int64_t k) { return bounds.inside(r.x[k] / s) * r.t(k); };
      const T all = r.sum(kept);
      return put([&](int64_t k) { return (all - kept(k) / bounds.clip(r.x[k] / s)) * g / s; });
    }
    case LossKind::fused_categorical: {
      const auto kept = [&](int64_t k) { return bounds.inside(r.x[k]) * r.t(k); };
      const T all = r.sum(kept);
      return put([&](int64_t k) { return (r.x[k] * all - kept(k)) * g; });
    }
    case LossKind::sparse: {
      const T s = r.sum([&](int64_t k) { return bounds.clip(r.x[k]); });
      return put([&](int64_t k) {
        return bounds.inside(r.x[k]) * (1 / s - r.t(k) / bounds.clip(r.x[k])) * g;
      });
    }
    case LossKind::fused_sparse: {
      const T s = r.sum([&](int64_t k) { return bounds.clip(r.x[k]); });
      const T kept = r.sum([&](int64_t k) { return bounds.inside(r.x[k]) * r.x[k]; });
      const T hit = r.no_label() ? T(0) : bounds.inside(r.x[r.label]);
      return put([&](int64_t k) {
        return (r.x[k] * (bounds.inside(r.x[k]) / s - kept / s + hit) - hit * r.t(k)) * g;
      });
    }
    default: {
      const T top = r.top();
      const T share = 1 / r.sum([&](int64_t k) { return std::exp(r.x[k] - top); });
      const T all = r.sum([&](int64_t k) { return r.t(k); });
      return put([&](int64_t k) { return (std::exp(r.x[k] - top) * share * all - r.t(k)) * g; });
    }
  }
}

// p = softmax(row.x), of this lane's classes.
template <class T>
__device__ void softmax_of(const LossRow<T>& row, T* p) {
  const T top = row.top();
  const T share = 1 / row.sum([&](int64_t k) { return std::exp(row.x[k] - top); });
  for (int64_t k = row.lane; k < row.n; k += kWarp) p[k] = std::exp(row.x[k] - top) * share;
  __syncwarp();
}

}  // namespace kn::cuda
