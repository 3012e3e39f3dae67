// Recurrent layers over whole sequences, forward and back: one launch. Rows do not depend on each
// other, so a block keeps a few of them for all steps, with its threads over gates and units; the
// recurrent kernel stays in the L2 cache. Formulas: base/recurrence.h.
#include <algorithm>
#include <cmath>

#include "base/recurrence.h"
#include "each.h"
#include "families.h"
#include "runtime/recurrent_pair.h"
#include "scalar_math.h"

namespace kn::cuda {

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

// ---- Forward ----

template <class T>
struct ForwardTask {
  Cell<T> cell;
  const T *x, *h0, *c0, *bias;
  T *out, *last_h, *last_c, *gates_trace, *seen_trace, *c_trace;
  T* workspace;  // per row: h, c (U each), seen (4 U: by gates), gates (4 U), r * seen (U)
};

constexpr int kForwardWidth = 11;

template <class T>
__device__ void lstm_gates(const ForwardTask<T>& t, int64_t at, const T* seen, T* gates) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units;
  cell.each_column(seen, cell.seen_step(), 0, 4 * units, [&](int row, int64_t j, T sum) {
    const int64_t n = cell.first_row() + row;
    gates[row * 4 * units + j] = activate(j / units == 2 ? cell.activation : cell.gate,
                                          t.x[(at * cell.rows + n) * 4 * units + j] + sum);
  });
  __syncthreads();
}

// gates: z, r, a, and the product of the candidate (reset_after) or r * seen.
template <class T>
__device__ void gru_gates(const ForwardTask<T>& t, int64_t at, const T* seen, T* gates) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units;
  const auto x = [&](int row, int64_t j) {
    return t.x[(at * cell.rows + cell.first_row() + row) * 3 * units + j];
  };
  const int64_t columns = cell.reset_after() ? 3 * units : 2 * units;
  cell.each_column(seen, cell.seen_step(), 0, columns, [&](int row, int64_t j, T sum) {
    const T product = t.bias ? sum + t.bias[j] : sum;
    T* g = gates + row * 4 * units;
    if (j < 2 * units) g[j] = activate(cell.gate, x(row, j) + product);
    else g[units + j] = product;
  });
  __syncthreads();
  if (cell.reset_after()) {
    cell.each_unit([&](int row, int64_t, int64_t u) {
      T* g = gates + row * 4 * units;
      g[2 * units + u] =
          activate(cell.activation, x(row, 2 * units + u) + g[units + u] * g[3 * units + u]);
    });
  } else {
    // r * seen once more, dense, so that its product can be taken.
    T* inner = gates + cell.rows_per_block * 4 * units;
    cell.each_unit([&](int row, int64_t, int64_t u) {
      T* g = gates + row * 4 * units;
      const T by_candidate = seen[2 * cell.seen_step() + row * units + u];
      g[3 * units + u] = inner[row * units + u] = g[units + u] * by_candidate;
    });
    __syncthreads();
    cell.each_column(inner, 0, 2 * units, 3 * units, [&](int row, int64_t j, T sum) {
      gates[row * 4 * units + j] = activate(cell.activation, x(row, j) + sum);
    });
  }
  __syncthreads();
}

template <class T>
__device__ void advance(const ForwardTask<T>& t, int64_t at, T* h, T* c, const T* seen,
                        const T* gates) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units;
  cell.each_unit([&](int row, int64_t n, int64_t u) {
    const int64_t place = row * units + u, out = (at * cell.rows + n) * units + u;
    const T* g = gates + row * 4 * units;
    const bool on = cell.on(at, n);
    const T carried = cell.apart ? h[place] : seen[place];
    if (t.seen_trace) t.seen_trace[out] = carried;
    if (t.c_trace) t.c_trace[out] = c[place];
    if (t.gates_trace)
      for (int k = 0; k < 4; ++k)
        t.gates_trace[(at * cell.rows + n) * 4 * units + k * units + u] =
            on ? g[k * units + u] : T(0);
    if (on) {
      if (cell.lstm()) {
        c[place] = g[units + u] * c[place] + g[u] * g[2 * units + u];
        h[place] = g[3 * units + u] * activate(cell.activation, c[place]);
      } else {
        h[place] = cell.simple() ? g[u] : g[u] * carried + (1 - g[u]) * g[2 * units + u];
      }
    }
    t.out[out] = h[place];
  });
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    sequence_kernel(const __grid_constant__ ForwardTask<T> t) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units, some = cell.rows_per_block * units;
  T* h = t.workspace + blockIdx.x * kForwardWidth * some;
  T *c = h + some, *seen = c + some, *gates = seen + 4 * some;
  cell.each_unit([&](int row, int64_t n, int64_t u) {
    h[row * units + u] = t.h0[n * units + u];
    if (t.c0) c[row * units + u] = t.c0[n * units + u];
  });
  __syncthreads();
  for (int64_t step = 0; step < cell.steps; ++step) {
    const int64_t at = cell.index_of(step);
    cell.each_unit([&](int row, int64_t n, int64_t u) {
      for (int k = 0; k < (cell.apart ? cell.gates : 1); ++k)
        seen[k * cell.seen_step() + row * units + u] = h[row * units + u] * cell.dropped(n, u, k);
    });
    __syncthreads();
    if (cell.lstm()) {
      lstm_gates(t, at, seen, gates);
    } else if (cell.simple()) {
      cell.each_column(seen, 0, 0, units, [&](int row, int64_t j, T sum) {
        const int64_t n = cell.first_row() + row;
        gates[row * 4 * units + j] =
            activate(cell.activation, t.x[(at * cell.rows + n) * units + j] + sum);
      });
      __syncthreads();
    } else {
      gru_gates(t, at, seen, gates);
    }
    advance(t, at, h, c, seen, gates);
    __syncthreads();
  }
  cell.each_unit([&](int row, int64_t n, int64_t u) {
    t.last_h[n * units + u] = h[row * units + u];
    if (t.last_c) t.last_c[n * units + u] = c[row * units + u];
  });
}

// ---- Back ----

template <class T>
struct BackTask {
  Cell<T> cell;
  const T *gates, *before, *out_grad, *h_grad, *c_grad;  // gates (or out), seen or c before
  T *x_grad, *h0_grad, *third;                           // third: d c0, or d product
  T* workspace;  // per row: dh, dc, past (U each), dx, dp (4 U each)
};

constexpr int kBackWidth = 11;

template <class T>
struct BackRows {
  T *dh, *dc, *past, *dx, *dp;
};

template <class T>
__device__ void lstm_back(const BackTask<T>& t, int64_t at, const BackRows<T>& w) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units;
  cell.each_unit([&](int row, int64_t n, int64_t u) {
    if (!cell.on(at, n)) return;
    const T* g = t.gates + (at * cell.rows + n) * 4 * units;
    const T c = t.before[(at * cell.rows + n) * units + u];
    const T i = g[u], f = g[units + u], a = g[2 * units + u], o = g[3 * units + u];
    const T dh = w.dh[row * units + u], shown = activate(cell.activation, f * c + i * a);
    const T total = w.dc[row * units + u] + dh * o * slope(cell.activation, shown);
    T* dx = w.dx + row * 4 * units + u;
    dx[0] = total * a * slope(cell.gate, i);
    dx[units] = total * c * slope(cell.gate, f);
    dx[2 * units] = total * i * slope(cell.activation, a);
    dx[3 * units] = dh * shown * slope(cell.gate, o);
    w.dc[row * units + u] = total * f;
    w.past[row * units + u] = 0;
  });
}

template <class T>
__device__ void gru_back(const BackTask<T>& t, int64_t at, const BackRows<T>& w) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units;
  const auto gate = [&](int64_t n, int k, int64_t u) {
    return t.gates[(at * cell.rows + n) * 4 * units + k * units + u];
  };
  const auto seen = [&](int64_t n, int64_t u) {
    return t.before[(at * cell.rows + n) * units + u];
  };
  cell.each_unit([&](int row, int64_t n, int64_t u) {
    if (!cell.on(at, n)) return;
    const T z = gate(n, 0, u), a = gate(n, 2, u), dh = w.dh[row * units + u];
    T *dx = w.dx + row * 4 * units + u, *dp = w.dp + row * 4 * units + u;
    dx[0] = dp[0] = dh * (seen(n, u) - a) * slope(cell.gate, z);
    dx[2 * units] = dh * (1 - z) * slope(cell.activation, a);
    w.past[row * units + u] = dh * z * (cell.apart ? T(1) : cell.dropped(n, u, 0));
    if (!cell.reset_after()) return;
    const T reset = gate(n, 1, u), da = dx[2 * units];
    dx[units] = dp[units] = da * gate(n, 3, u) * slope(cell.gate, reset);
    dp[2 * units] = da * reset;
  });
  if (cell.reset_after()) return;
  __syncthreads();
  cell.each_row(w.dx, 4 * units, 2, 1, [&](int row, int64_t u, T inner) {
    const int64_t n = cell.first_row() + row;
    const T reset = gate(n, 1, u), drop = cell.dropped(n, u, 2);
    const T by_candidate = cell.apart ? seen(n, u) * drop : seen(n, u);
    w.dx[row * 4 * units + units + u] = inner * by_candidate * slope(cell.gate, reset);
    w.past[row * units + u] += inner * reset * drop;
  });
}

template <class T>
__global__ void __launch_bounds__(kThreads) back_kernel(const __grid_constant__ BackTask<T> t) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units, some = cell.rows_per_block * units, width = cell.gates * units;
  BackRows<T> w;
  w.dh = t.workspace + blockIdx.x * kBackWidth * some;
  w.dc = w.dh + some, w.past = w.dc + some, w.dx = w.past + some, w.dp = w.dx + 4 * some;
  cell.each_unit([&](int row, int64_t n, int64_t u) {
    w.dh[row * units + u] = t.h_grad[n * units + u];
    w.dc[row * units + u] = cell.lstm() ? t.c_grad[n * units + u] : T(0);
    w.past[row * units + u] = 0;
    for (int k = 0; k < 4; ++k)  // rows that are off take part in products
      w.dx[(row * 4 + k) * units + u] = w.dp[(row * 4 + k) * units + u] = 0;
  });
  __syncthreads();
  for (int64_t step = cell.steps - 1; step >= 0; --step) {
    const int64_t at = cell.index_of(step);
    cell.each_unit([&](int row, int64_t n, int64_t u) {
      if (t.out_grad) w.dh[row * units + u] += t.out_grad[(at * cell.rows + n) * units + u];
    });
    __syncthreads();
    if (cell.lstm()) {
      lstm_back(t, at, w);
    } else if (cell.simple()) {
      cell.each_unit([&](int row, int64_t n, int64_t u) {
        const T y = t.gates[(at * cell.rows + n) * units + u];
        w.dx[row * 4 * units + u] = w.dh[row * units + u] * slope(cell.activation, y);
      });
    } else {
      gru_back(t, at, w);
    }
    __syncthreads();
    const T* through = cell.reset_after() ? w.dp : w.dx;
    const int many = cell.kind == RecurrentCell::gru ? 2 : cell.gates;
    const int together = cell.apart ? 1 : many;
    for (int k = 0; k < many; k += together)
      cell.each_row(through, 4 * units, k, together, [&](int row, int64_t u, T sum) {
        const int64_t n = cell.first_row() + row;
        const T before = k == 0 ? w.past[row * units + u] : w.dh[row * units + u];
        if (cell.on(at, n)) w.dh[row * units + u] = before + cell.dropped(n, u, k) * sum;
      });
    cell.each_unit([&](int row, int64_t n, int64_t u) {
      const bool on = cell.on(at, n);
      for (int k = 0; k < cell.gates; ++k) {
        const int64_t to = (at * cell.rows + n) * width + k * units + u;
        t.x_grad[to] = on ? w.dx[(row * 4 + k) * units + u] : T(0);
        if (cell.reset_after()) t.third[to] = on ? w.dp[(row * 4 + k) * units + u] : T(0);
      }
    });
    __syncthreads();
  }
  cell.each_unit([&](int row, int64_t n, int64_t u) {
    t.h0_grad[n * units + u] = w.dh[row * units + u];
    if (cell.lstm()) t.third[n * units + u] = w.dc[row * units + u];
  });
}

// ---- Kernels ----

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

template <class T>
class Forward : public Sequence<T> {
 public:
  explicit Forward(const KernelRequest& r) : Sequence<T>(r, Recurrence::kKernel, kForwardWidth) {}
  size_t workspace_bytes() const override { return this->bytes(); }

  void run(const RunArgs& args) const override {
    if (this->blocks_ == 0) return;
    const Recurrence& r = this->r_;
    const auto in = [&](int i) { return i < 0 ? nullptr : args.input<T>(i); };
    const auto out = [&](bool there, int i) { return there ? args.output<T>(i) : nullptr; };
    const ForwardTask<T> task{this->cell(args, Recurrence::kKernel, r.mask_input(), r.drop_input()),
                              in(Recurrence::kX),
                              in(Recurrence::kH),
                              in(r.c_input()),
                              in(r.bias_input()),
                              args.output<T>(0),
                              args.output<T>(1),
                              out(r.lstm(), 2),
                              out(r.trace && !r.simple(), r.gates_output()),
                              out(r.trace, r.seen_output()),
                              out(r.trace && r.lstm(), r.c_before_output()),
                              static_cast<T*>(args.workspace)};
    launch(sequence_kernel<T>, dim3(static_cast<unsigned>(this->blocks_)), dim3(kThreads), 0,
           stream_of(args), task);
  }
};

template <class T>
class Back : public Sequence<T> {
 public:
  explicit Back(const KernelRequest& r)
      : Sequence<T>(r, Recurrence(r.op, r.attrs).grad_kernel(), kBackWidth) {}
  size_t workspace_bytes() const override { return this->bytes(); }

  void run(const RunArgs& args) const override {
    if (this->blocks_ == 0) return;
    const Recurrence& r = this->r_;
    const auto in = [&](int i) { return i < 0 ? nullptr : args.input<T>(i); };
    const BackTask<T> task{this->cell(args, r.grad_kernel(), r.grad_mask(), r.grad_drop()),
                           in(0),
                           r.simple() ? nullptr : in(1),
                           in(r.grad_out()),
                           in(r.grad_h()),
                           in(r.grad_c()),
                           args.output<T>(0),
                           args.output<T>(1),
                           r.grad_outputs() > 2 ? args.output<T>(2) : nullptr,
                           static_cast<T*>(args.workspace)};
    launch(back_kernel<T>, dim3(static_cast<unsigned>(this->blocks_)), dim3(kThreads), 0,
           stream_of(args), task);
  }
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

const Candidate kForward[] = {{"rows", make<Forward>}};
const Candidate kBack[] = {{"rows", make<Back>}};

// Two ops that plans have joined, one after the other.
std::unique_ptr<Kernel> make_pair(const KernelRequest& r, std::string& why) {
  return make_recurrent_pair<Kernel>(r, why, [](const KernelRequest& half, std::string& reason) {
    return half.op.ends_with("_grad") ? make<Back>(half, reason) : make<Forward>(half, reason);
  });
}
const Candidate kPair[] = {{"rows", make_pair}};

const OpKernels kKernels[] = {
    {"simple_rnn_sequence", kForward}, {"gru_sequence", kForward},
    {"lstm_sequence", kForward},       {"simple_rnn_sequence_grad", kBack},
    {"gru_sequence_grad", kBack},      {"lstm_sequence_grad", kBack},
    {kRecurrentPair, kPair},
};

}  // namespace

std::span<const OpKernels> recurrent_kernels() { return kKernels; }

}  // namespace kn::cuda
