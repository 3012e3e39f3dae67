// The gradient of recurrent layers: the steps back, in one launch.
#include "recurrent.h"

namespace kn::cuda {

namespace {

// A row's: dh, dc, past (U each), dx, dp (4 U each).
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
__global__ void __launch_bounds__(kThreads)
    back_kernel(const __grid_constant__ BackTask<T> t, T* workspace) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units, some = cell.rows_per_block * units, width = cell.gates * units;
  BackRows<T> w;
  w.dh = workspace + blockIdx.x * kBackWidth * some;
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

template <class T>
class Back : public RowsSequence<T> {
 public:
  explicit Back(const KernelRequest& r)
      : RowsSequence<T>(r, Recurrence(r.op, r.attrs).grad_kernel(), kBackWidth) {}

  void run(const RunArgs& args) const override {
    if (this->blocks_ == 0) return;
    launch(back_kernel<T>, dim3(static_cast<unsigned>(this->blocks_)), dim3(kThreads), 0,
           stream_of(args), this->back_task(args), static_cast<T*>(args.workspace));
  }
};

}  // namespace

std::unique_ptr<SequenceKernel> make_rows_back(const KernelRequest& r, std::string&) {
  return make_sequence<Back>(r);
}

}  // namespace kn::cuda
