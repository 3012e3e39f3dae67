// What both directions of recurrent layers share: a few rows of the batch belong to a block for all
// steps, its threads go over gates and units. Formulas: base/recurrence.h.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/recurrence.h"
#include "each.h"
#include "run.h"
#include "scalar_math.h"

namespace kn::cuda {

// Kernels of one sequence op (recurrent_forward.cu) and of its gradient (recurrent_back.cu).
std::unique_ptr<Kernel> make_recurrent_forward(const KernelRequest& r, std::string& why);
std::unique_ptr<Kernel> make_recurrent_back(const KernelRequest& r, std::string& why);

namespace {

using Activation = RecurrentActivation;

constexpr int kThreads = 256, kWarps = kThreads / kWarp;
constexpr int kMostRows = 4;  // of a block
constexpr int64_t kEnoughBlocks = 132;

template <class T>
__device__ T clip01(T x) {
  return x < 0 ? T(0) : x > 1 ? T(1) : x;
}

template <class T>
__device__ T activate(Activation kind, T x) {
  switch (kind) {
    case Activation::linear: return x;
    case Activation::tanh: return std::tanh(x);
    case Activation::sigmoid: return sigmoid(x);
    case Activation::hard_sigmoid: return clip01(T(0.2) * x + T(0.5));
    case Activation::relu6_sigmoid: return clip01(x / 6 + T(0.5));
    case Activation::relu: return x < 0 ? T(0) : x;
  }
  return x;
}

// At the result y.
template <class T>
__device__ T slope(Activation kind, T y) {
  switch (kind) {
    case Activation::linear: return 1;
    case Activation::tanh: return 1 - y * y;
    case Activation::sigmoid: return y * (1 - y);
    case Activation::hard_sigmoid: return y > 0 && y < 1 ? T(0.2) : T(0);
    case Activation::relu6_sigmoid: return y > 0 && y < 1 ? T(1) / 6 : T(0);
    case Activation::relu: return y > 0 ? T(1) : T(0);
  }
  return 1;
}

// What both directions share.
template <class T>
struct Cell {
  RecurrentCell kind;
  Activation activation, gate;
  bool reverse, apart;  // apart: each gate has a dropout mask of its own
  int gates, rows_per_block;
  int64_t steps, rows, units;
  const T *kernel, *drop;  // (U, G U), (N, U) or (G, N, U) or nullptr
  const bool* mask;        // (T, N) or nullptr

  __device__ bool lstm() const { return kind == RecurrentCell::lstm; }
  __device__ bool simple() const { return kind == RecurrentCell::simple; }
  __device__ bool reset_after() const { return kind == RecurrentCell::gru_reset_after; }
  __device__ int64_t index_of(int64_t step) const { return reverse ? steps - 1 - step : step; }
  __device__ int64_t first_row() const { return int64_t{blockIdx.x} * rows_per_block; }
  __device__ int count() const {
    const int64_t left = rows - first_row();
    return static_cast<int>(left < rows_per_block ? left : rows_per_block);
  }
  __device__ bool on(int64_t t, int64_t n) const { return !mask || mask[t * rows + n]; }
  __device__ T dropped(int64_t n, int64_t u, int gate) const {
    return drop ? drop[((apart ? gate * rows : 0) + n) * units + u] : T(1);
  }
  // From what a gate's products see to what the next gate's do.
  __device__ int64_t seen_step() const { return apart ? rows_per_block * units : 0; }

  // f(row of the block, row n, u) for all rows and units of the block.
  template <class F>
  __device__ void each_unit(F f) const {
    const int64_t all = count() * units;
    for (int64_t e = threadIdx.x; e < all; e += kThreads) {
      const int row = static_cast<int>(e / units);
      f(row, first_row() + row, e % units);
    }
  }

  // f(row, j, sum of x[row]·(column j of the kernel)) for columns [from, to). x (rows, U), `step`
  // further on for each gate.
  template <class F>
  __device__ void each_column(const T* all, int64_t step, int64_t from, int64_t to, F f) const {
    for (int64_t j = from + threadIdx.x; j < to; j += kThreads) {
      const T* x = all + j / units * step;
      T sum[kMostRows] = {};
      for (int64_t u = 0; u < units; ++u) {
        const T k = kernel[u * gates * units + j];
        for (int row = 0; row < kMostRows; ++row)
          if (row < count()) sum[row] += x[row * units + u] * k;
      }
      for (int row = 0; row < kMostRows; ++row)
        if (row < count()) f(row, j, sum[row]);
    }
  }

  // f(row, u, sum of x[row]·(row u of the kernel)) over `many` gates from gate `first` on; a warp
  // takes a row of the kernel. x (rows, width), of which `many` gates are read from x_first on.
  template <class F>
  __device__ void each_row(const T* x, int64_t width, int first, int many, F f) const {
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    for (int64_t u = threadIdx.x / kWarp; u < units; u += kWarps) {
      T sum[kMostRows] = {};
      const T* k = kernel + (u * gates + first) * units;
      for (int64_t j = lane; j < many * units; j += kWarp)
        for (int row = 0; row < kMostRows; ++row)
          if (row < count()) sum[row] += x[row * width + first * units + j] * k[j];
      for (int row = 0; row < count(); ++row) {
        const T whole = join_lanes(sum[row], Add());
        if (lane == 0) f(row, u, whole);
      }
    }
  }
};

template <class T>
class Sequence : public Kernel {
 protected:
  Sequence(const KernelRequest& r, int kernel, int width)
      : r_(r.op, r.attrs),
        steps_(r.in[0].shape[0]),
        rows_(r.in[0].shape[1]),
        units_(r.in[kernel].shape[0]),
        per_block_(static_cast<int>(std::clamp<int64_t>(rows_ / kEnoughBlocks, 1, kMostRows))),
        blocks_((rows_ + per_block_ - 1) / per_block_),
        width_(width) {}

  size_t bytes() const {
    return static_cast<size_t>(blocks_ * per_block_ * units_ * width_) * sizeof(T);
  }

  Cell<T> cell(const RunArgs& args, int kernel, int mask, int drop) const {
    return {r_.cell,
            r_.activation,
            r_.gate,
            r_.reverse,
            r_.apart,
            r_.gates(),
            per_block_,
            steps_,
            rows_,
            units_,
            args.input<T>(kernel),
            drop < 0 ? nullptr : args.input<T>(drop),
            mask < 0 ? nullptr : args.input<bool>(mask)};
  }

  const Recurrence r_;
  int64_t steps_, rows_, units_;
  int per_block_;
  int64_t blocks_;
  int width_;
};

template <template <class> class K>
std::unique_ptr<Kernel> make_sequence(const KernelRequest& r) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

}  // namespace

}  // namespace kn::cuda
