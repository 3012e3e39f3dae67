// Recurrent layers too large for the chip, forward: a product per step, and what becomes of the
// gates.
#include "recurrent_cell.h"
#include "recurrent_products.h"

namespace kn::cuda {

namespace {

// What a step reads and leaves.
template <class T>
struct ForwardStep {
  ForwardTask<T> t;
  int64_t at;
  const T *h, *c_before;  // before the step
  T *c, *seen, *product;  // c after; (slots, N, U); (N, G U), or the groups one after the other
  T* carried_gates;       // z, r (N, 2 U) of a GRU that resets before the product

  __device__ const Cell<T>& cell() const { return t.cell; }
  __device__ T x(int64_t n, int gate, int64_t u) const {
    return t.x[((at * cell().rows + n) * cell().gates + gate) * cell().units + u];
  }
  // Of a group of `count` gates from `first` on.
  __device__ T product_of(int64_t n, int gate, int64_t u, int first, int count) const {
    const T bias = t.bias ? t.bias[gate * cell().units + u] : T(0);
    return bias + product[first * cell().rows * cell().units +
                          (n * count + gate - first) * cell().units + u];
  }
};

// h as the products see it, where a mask lies between.
template <class T>
struct See {
  ForwardStep<T> s;
  __device__ void operator()(int64_t i) const {
    const Cell<T>& cell = s.cell();
    const int64_t state = cell.rows * cell.units;
    const int slot = static_cast<int>(i / state);
    const int64_t e = i % state;
    s.seen[i] = s.h[e] * cell.dropped(e / cell.units, e % cell.units, slot);
  }
};

template <class T>
struct Reset {
  ForwardStep<T> s;
  __device__ void operator()(int64_t i) const {
    const Cell<T>& cell = s.cell();
    const int64_t n = i / cell.units, u = i % cell.units;
    const int count = cell.apart ? 1 : 2;
    T* z = s.carried_gates + n * 2 * cell.units + u;
    z[0] = activate(cell.gate, s.x(n, 0, u) + s.product_of(n, 0, u, 0, count));
    const T r =
        activate(cell.gate, s.x(n, 1, u) + s.product_of(n, 1, u, cell.apart ? 1 : 0, count));
    z[cell.units] = r;
    s.seen[(cell.apart ? 2 : 0) * cell.rows * cell.units + i] =
        r * (s.h[i] * cell.dropped(n, u, 2));
  }
};

template <class T>
struct Advance {
  ForwardStep<T> s;
  __device__ void operator()(int64_t i) const {
    const Cell<T>& cell = s.cell();
    const int64_t units = cell.units, n = i / units, u = i % units;
    const int64_t out = s.at * cell.rows * units + i;
    const bool on = cell.on(s.at, n);
    T in[4] = {}, p[4] = {}, g[4] = {};
    const bool two = cell.kind == RecurrentCell::gru;
    for (int k = 0; k < 4; ++k) {
      if (k >= cell.gates) continue;
      in[k] = s.x(n, k, u);
      if (!two || k == 2)
        p[k] = s.product_of(n, k, u, cell.apart || two ? k : 0, cell.apart || two ? 1 : cell.gates);
    }
    const T before = s.h[i], c_before = s.c_before ? s.c_before[i] : T(0);
    const T carried = cell.apart ? before : before * cell.dropped(n, u, 0);
    T h = before, c = c_before;
    if (two) {
      g[0] = s.carried_gates[n * 2 * units + u], g[1] = s.carried_gates[(n * 2 + 1) * units + u];
      g[3] = g[1] * (before * cell.dropped(n, u, 2));
    }
    if (cell.lstm()) lstm_element(cell, in, p, on, h, c, g);
    else if (!cell.simple()) gru_element(cell, in, p, carried, on, h, g);
    else if (on) h = activate(cell.activation, in[0] + p[0]);
    if (s.t.seen_trace) s.t.seen_trace[out] = carried;
    if (s.t.c_trace) s.t.c_trace[out] = c_before;
    if (s.t.gates_trace)
      for (int k = 0; k < 4; ++k)
        s.t.gates_trace[((s.at * cell.rows + n) * 4 + k) * units + u] = on ? g[k] : T(0);
    s.t.out[out] = h;
    if (s.c) s.c[i] = c;
  }
};

template <class T>
class StepsForward : public Sequence<T> {
 public:
  explicit StepsForward(const KernelRequest& r)
      : Sequence<T>(r, Recurrence::kKernel),
        products_(r, this->r_, this->rows_, this->units_, false) {}
  bool complete() const { return products_.complete(); }

  size_t workspace_bytes() const override {
    return (kept() + room_of_columns()) * sizeof(T) + products_.workspace_bytes();
  }

  void run(const RunArgs& args) const override {
    if (this->rows_ == 0) return;
    ForwardStep<T> s{
        this->forward_task(args), 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
    auto* room = static_cast<T*>(args.workspace);
    s.c = room;
    s.seen = s.c + state();
    s.product = s.seen + slots() * state();
    s.carried_gates = s.product + this->r_.gates() * state();
    T* workspace = room + kept() + room_of_columns();
    products_.lay_out(args, s.t.cell.kernel, workspace);
    s.h = s.t.h0;
    s.c_before = s.t.c0;
    for (int64_t step = 0; step < this->steps_; ++step) {
      s.at = this->r_.reverse ? this->steps_ - 1 - step : step;
      queue_step(args, s, workspace);
      s.h = s.t.out + s.at * static_cast<int64_t>(state());
      s.c_before = this->r_.lstm() ? s.c : nullptr;
    }
    finish(args, s);
  }

 private:
  size_t state() const { return static_cast<size_t>(this->rows_ * this->units_); }
  size_t slots() const { return this->r_.apart ? static_cast<size_t>(this->r_.gates()) : 1; }
  size_t kept() const {
    return (1 + slots() + static_cast<size_t>(this->r_.gates()) + 2) * state();
  }
  // What follows begins where products want their operands.
  size_t room_of_columns() const { return (16 - kept() % 16) % 16; }

  void queue_step(const RunArgs& args, const ForwardStep<T>& s, T* workspace) const {
    const Recurrence& r = this->r_;
    const auto all = static_cast<int64_t>(state());
    const bool two = r.cell == RecurrentCell::gru;
    if (r.dropped) each(args, static_cast<int64_t>(slots()) * all, See<T>{s});
    for (size_t g = 0; g < products_.groups().size(); ++g) {
      const int first = products_.groups()[g].first;
      if (two && first == 2) each(args, all, Reset<T>{s});
      const bool through_room = r.dropped || (two && first == 2);
      const T* x = through_room ? s.seen + (r.apart ? first : 0) * all : s.h;
      products_.multiply(args, g, x, s.t.cell.kernel, workspace, s.product + first * all);
    }
    each(args, all, Advance<T>{s});
  }

  // The last states.
  void finish(const RunArgs& args, const ForwardStep<T>& s) const {
    Queue& queue = queue_of(args);
    queue.copy_within(s.t.last_h, s.h, state() * sizeof(T));
    if (s.t.last_c) queue.copy_within(s.t.last_c, s.c_before, state() * sizeof(T));
  }

  GroupProducts<T> products_;
};

template <class T>
std::unique_ptr<SequenceKernel> make_of(const KernelRequest& r, std::string& why) {
  auto kernel = std::make_unique<StepsForward<T>>(r);
  if (kernel->complete()) return kernel;
  why = "no product takes the recurrent kernel";
  return nullptr;
}

}  // namespace

std::unique_ptr<SequenceKernel> make_steps_forward(const KernelRequest& r, std::string& why) {
  if (!products_pay(r, r.in[Recurrence::kKernel].shape[0], why)) return nullptr;
  return r.in[0].dtype == DType::f64 ? make_of<double>(r, why) : make_of<float>(r, why);
}

}  // namespace kn::cuda
