// Inner loops of the cross-entropies over rows of n classes; formulas in ops/loss.cc.
#pragma once

#include <cstdint>

namespace kn::cpu {

// Rows [0, rows). Targets are either `target` (rows, n) or `classes` (rows), -1 for an invalid one.
template <class T>
struct LossRows {
  const T* x;  // (rows, n) logits or probabilities
  const T* target;
  const int64_t* classes;
  const T* g;  // (rows), for gradients
  int64_t rows, n;
  T low, high;  // bounds of the clip
  T* out;       // (rows, n): gradient, or probabilities of the fused kinds
  T* loss;      // (rows)
};

template <class T>
using LossLoop = void (*)(const LossRows<T>& rows);

template <class T>
struct LossPair {
  LossLoop<T> forward, backward;
};

template <class T>
struct LossLoops {
  // fused: categorical of the softmax; with_softmax: softmax, and the loss from its logits (no
  // backward: it is that of fused, without a clip).
  LossPair<T> softmax, categorical, fused, with_softmax;
  LossPair<T> sparse_softmax, sparse_categorical, sparse_fused, sparse_with_softmax;
};

struct LossTable {
  LossLoops<float> f32;
  LossLoops<double> f64;
};

}  // namespace kn::cpu
