// What all kernels of recurrent layers share. The walks of Cell: a few rows of the batch belong to
// a block for all steps, its threads go over gates and units. Formulas: base/recurrence.h.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/recurrence.h"
#include "each.h"
#include "run.h"
#include "scalar_math.h"

namespace kn::cuda {

// A kernel for one op, which may know how to run another of its kind beside it.
class SequenceKernel : public Kernel {
 public:
  virtual void run_both(const RunArgs& args, const SequenceKernel& second,
                        const RunArgs& of_second) const {
    run(args);
    second.run(of_second);
  }
};

std::unique_ptr<SequenceKernel> make_rows_forward(const KernelRequest& r, std::string& why);
std::unique_ptr<SequenceKernel> make_rows_back(const KernelRequest& r, std::string& why);

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

// The tensors of an op, with nullptr for those that it does not have.
template <class T>
struct ForwardTask {
  Cell<T> cell;
  const T *x, *h0, *c0, *bias;
  T *out, *last_h, *last_c, *gates_trace, *seen_trace, *c_trace;
};

template <class T>
struct BackTask {
  Cell<T> cell;
  const T *gates, *before, *out_grad, *h_grad, *c_grad;  // gates (or out), seen or c before
  T *x_grad, *h0_grad, *third;                           // third: d c0, or d product
};

template <class T>
class Sequence : public SequenceKernel {
 protected:
  Sequence(const KernelRequest& r, int kernel)
      : r_(r.op, r.attrs),
        steps_(r.in[0].shape[0]),
        rows_(r.in[0].shape[1]),
        units_(r.in[kernel].shape[0]),
        per_block_(static_cast<int>(std::clamp<int64_t>(rows_ / kEnoughBlocks, 1, kMostRows))) {}

  ForwardTask<T> forward_task(const RunArgs& args) const {
    const auto in = [&](int i) { return i < 0 ? nullptr : args.input<T>(i); };
    const auto out = [&](bool there, int i) { return there ? args.output<T>(i) : nullptr; };
    return {cell(args, Recurrence::kKernel, r_.mask_input(), r_.drop_input()),
            in(Recurrence::kX),
            in(Recurrence::kH),
            in(r_.c_input()),
            in(r_.bias_input()),
            args.output<T>(0),
            args.output<T>(1),
            out(r_.lstm(), 2),
            out(r_.trace && !r_.simple(), r_.gates_output()),
            out(r_.trace, r_.seen_output()),
            out(r_.trace && r_.lstm(), r_.c_before_output())};
  }

  BackTask<T> back_task(const RunArgs& args) const {
    const auto in = [&](int i) { return i < 0 ? nullptr : args.input<T>(i); };
    return {cell(args, r_.grad_kernel(), r_.grad_mask(), r_.grad_drop()),
            in(0),
            r_.simple() ? nullptr : in(1),
            in(r_.grad_out()),
            in(r_.grad_h()),
            in(r_.grad_c()),
            args.output<T>(0),
            args.output<T>(1),
            r_.grad_outputs() > 2 ? args.output<T>(2) : nullptr};
  }

  const Recurrence r_;
  int64_t steps_, rows_, units_;
  int per_block_;

 private:
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
};

// Some rows of the batch for each block, whose state lies in the workspace.
template <class T>
class RowsSequence : public Sequence<T> {
 public:
  size_t workspace_bytes() const override {
    return static_cast<size_t>(blocks_ * this->per_block_ * this->units_ * width_) * sizeof(T);
  }

 protected:
  RowsSequence(const KernelRequest& r, int kernel, int width)
      : Sequence<T>(r, kernel),
        blocks_((this->rows_ + this->per_block_ - 1) / this->per_block_),
        width_(width) {}

  int64_t blocks_;
  int width_;
};

template <template <class> class K>
std::unique_ptr<SequenceKernel> make_sequence(const KernelRequest& r) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

}  // namespace

}  // namespace kn::cuda
