// Recurrent layers over whole sequences: the steps forward, in one launch.
#include "recurrent.h"

namespace kn::cuda {

namespace {

// A row's: h, c (U each), seen (4 U: by gates), gates (4 U), r * seen (U).
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
    sequence_kernel(const __grid_constant__ ForwardTask<T> t, T* workspace) {
  const Cell<T>& cell = t.cell;
  const int64_t units = cell.units, some = cell.rows_per_block * units;
  T* h = workspace + blockIdx.x * kForwardWidth * some;
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

template <class T>
class Forward : public RowsSequence<T> {
 public:
  explicit Forward(const KernelRequest& r)
      : RowsSequence<T>(r, Recurrence::kKernel, kForwardWidth) {}

  void run(const RunArgs& args) const override {
    if (this->blocks_ == 0) return;
    launch(sequence_kernel<T>, dim3(static_cast<unsigned>(this->blocks_)), dim3(kThreads), 0,
           stream_of(args), this->forward_task(args), static_cast<T*>(args.workspace));
  }
};

}  // namespace

std::unique_ptr<SequenceKernel> make_rows_forward(const KernelRequest& r, std::string&) {
  return make_sequence<Forward>(r);
}

}  // namespace kn::cuda
