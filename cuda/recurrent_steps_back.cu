// The gradient of recurrent layers too large for the chip: what the gates' gradients are, and their
// product, per step.
#include "recurrent_cell.h"
#include "recurrent_products.h"

namespace kn::cuda {

namespace {

template <class T>
struct BackStep {
  BackTask<T> t;
  int64_t at, after;  // the step, and the one that has been done before it; -1: none
  int groups;
  T *dh, *dc;  // (N, U): what went straight to h before step `after`; c's
  T* sums;     // (groups, N, U): what came through the products
  T* through;  // groups one after the other, (N, count U) each, where there are several
  T* inner;    // (N, U): d (r * seen)

  __device__ const Cell<T>& cell() const { return t.cell; }
  __device__ T settled(int64_t i, int64_t n, int64_t u) const {
    T sum = dh[i];
    if (after < 0 || !cell().on(after, n)) return sum;
    const bool two = cell().kind == RecurrentCell::gru;
    const int many = cell().apart ? (two ? 2 : cell().gates) : 1;
    for (int k = 0; k < many; ++k)
      sum += cell().dropped(n, u, k) * sums[k * cell().rows * cell().units + i];
    return sum;
  }
  // Of what the product of the gate's group sees.
  __device__ void store(int64_t n, int gate, int64_t u, bool on, T dx, T dp) const {
    const int64_t units = cell().units;
    const int64_t to = ((at * cell().rows + n) * cell().gates + gate) * units + u;
    t.x_grad[to] = on ? dx : T(0);
    if (cell().reset_after()) t.third[to] = on ? dp : T(0);
    if (groups == 1) return;
    const int count = !cell().apart && gate < 2 ? 2 : 1, first = count == 2 ? 0 : gate;
    through[first * cell().rows * units + (n * count + gate - first) * units + u] =
        !on                    ? T(0)
        : cell().reset_after() ? dp
                               : dx;
  }
};

template <class T>
struct BackElement {
  BackStep<T> s;
  __device__ void operator()(int64_t i) const {
    const Cell<T>& cell = s.cell();
    const int64_t units = cell.units, n = i / units, u = i % units;
    const int64_t place = s.at * cell.rows * units + i;
    const bool on = cell.on(s.at, n), two = cell.kind == RecurrentCell::gru;
    T g[4] = {}, dx[4] = {}, dp[4] = {};
    for (int k = 0; k < 4; ++k) {
      if (cell.simple()) g[k] = k ? T(0) : s.t.gates[place];
      else g[k] = s.t.gates[((s.at * cell.rows + n) * 4 + k) * units + u];
    }
    const T before = cell.simple() ? T(0) : s.t.before[place];
    T total = s.settled(i, n, u), straight = 0;
    if (s.t.out_grad) total += s.t.out_grad[place];
    if (cell.lstm()) {
      T c = s.dc[i];
      lstm_element_back(cell, g, before, total, c, dx);
      if (on) s.dc[i] = c;
    } else if (cell.simple()) {
      dx[0] = total * slope(cell.activation, g[0]);
    } else {
      straight = gru_element_back(cell, g, before, cell.dropped(n, u, 0), total, dx, dp);
    }
    s.dh[i] = on ? straight : total;
    for (int k = 0; k < 4; ++k)
      if (k < cell.gates && !(two && k == 1)) s.store(n, k, u, on, dx[k], dp[k]);
  }
};

template <class T>
struct ResetBack {
  BackStep<T> s;
  __device__ void operator()(int64_t i) const {
    const Cell<T>& cell = s.cell();
    const int64_t units = cell.units, n = i / units, u = i % units;
    const bool on = cell.on(s.at, n);
    const T r = s.t.gates[((s.at * cell.rows + n) * 4 + 1) * units + u];
    const T before = s.t.before[s.at * cell.rows * units + i], drop = cell.dropped(n, u, 2);
    const T by_candidate = cell.apart ? before * drop : before;
    if (on) s.dh[i] += s.inner[i] * r * drop;
    s.store(n, 1, u, on, s.inner[i] * by_candidate * slope(cell.gate, r), T(0));
  }
};

template <class T>
struct FinishBack {
  BackStep<T> s;
  __device__ void operator()(int64_t i) const {
    s.t.h0_grad[i] = s.settled(i, i / s.cell().units, i % s.cell().units);
    if (s.cell().lstm()) s.t.third[i] = s.dc[i];
  }
};

template <class T>
class StepsBack : public Sequence<T> {
 public:
  explicit StepsBack(const KernelRequest& r)
      : Sequence<T>(r, Recurrence(r.op, r.attrs).grad_kernel()),
        products_(r, this->r_, this->rows_, this->units_, true) {}
  bool complete() const { return products_.complete(); }

  size_t workspace_bytes() const override {
    return (kept() + room_of_columns()) * sizeof(T) + products_.workspace_bytes();
  }

  void run(const RunArgs& args) const override {
    if (this->rows_ == 0) return;
    const Recurrence& r = this->r_;
    BackStep<T> s{this->back_task(args),
                  0,
                  -1,
                  static_cast<int>(products_.groups().size()),
                  static_cast<T*>(args.workspace),
                  nullptr,
                  nullptr,
                  nullptr,
                  nullptr};
    s.dc = s.dh + state();
    s.sums = s.dc + state();
    s.through = s.sums + products_.groups().size() * state();
    s.inner = s.through + static_cast<size_t>(r.gates()) * state();
    T* workspace = static_cast<T*>(args.workspace) + kept() + room_of_columns();
    products_.lay_out(args, s.t.cell.kernel, workspace);
    Queue& queue = queue_of(args);
    queue.copy_within(s.dh, s.t.h_grad, state() * sizeof(T));
    if (r.lstm()) queue.copy_within(s.dc, s.t.c_grad, state() * sizeof(T));
    for (int64_t step = this->steps_ - 1; step >= 0; --step) {
      s.at = r.reverse ? this->steps_ - 1 - step : step;
      queue_step(args, s, workspace);
      s.after = s.at;
    }
    each(args, static_cast<int64_t>(state()), FinishBack<T>{s});
  }

 private:
  size_t state() const { return static_cast<size_t>(this->rows_ * this->units_); }
  size_t kept() const {
    return (3 + products_.groups().size() + static_cast<size_t>(this->r_.gates())) * state();
  }
  size_t room_of_columns() const { return (16 - kept() % 16) % 16; }

  void queue_step(const RunArgs& args, const BackStep<T>& s, T* workspace) const {
    const Recurrence& r = this->r_;
    const auto all = static_cast<int64_t>(state());
    const bool two = r.cell == RecurrentCell::gru;
    const auto multiply = [&](size_t group, T* to) {
      const T* whole = (r.reset_after() ? s.t.third : s.t.x_grad) + s.at * r.gates() * all;
      const T* x = s.groups == 1 ? whole : s.through + products_.groups()[group].first * all;
      products_.multiply(args, group, x, s.t.cell.kernel, workspace, to);
    };
    each(args, all, BackElement<T>{s});
    if (two) {  // the candidate's comes first
      multiply(products_.groups().size() - 1, s.inner);
      each(args, all, ResetBack<T>{s});
    }
    const size_t many = products_.groups().size() - two;
    for (size_t g = 0; g < many; ++g) multiply(g, s.sums + g * state());
  }

  GroupProducts<T> products_;
};

template <class T>
std::unique_ptr<SequenceKernel> make_of(const KernelRequest& r, std::string& why) {
  auto kernel = std::make_unique<StepsBack<T>>(r);
  if (kernel->complete()) return kernel;
  why = "no product takes the recurrent kernel";
  return nullptr;
}

}  // namespace

std::unique_ptr<SequenceKernel> make_steps_back(const KernelRequest& r, std::string& why) {
  if (!products_pay(r, r.in[Recurrence(r.op, r.attrs).grad_kernel()].shape[0], why)) return nullptr;
  return r.in[0].dtype == DType::f64 ? make_of<double>(r, why) : make_of<float>(r, why);
}

}  // namespace kn::cuda
