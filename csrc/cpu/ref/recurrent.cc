#include "cpu/ref/recurrent.h"

#include <cmath>

#include "base/recurrence.h"
#include "cpu/ref/scalar_math.h"
#include "runtime/recurrent_pair.h"

namespace kn::cpu::ref {

namespace {

using Activation = RecurrentActivation;

double activate(Activation kind, double x) {
  switch (kind) {
    case Activation::linear: return x;
    case Activation::tanh: return std::tanh(x);
    case Activation::sigmoid: return sigmoid(x);
    case Activation::hard_sigmoid: return std::fmin(std::fmax(0.2 * x + 0.5, 0), 1);
    case Activation::relu6_sigmoid: return std::fmin(std::fmax(x / 6 + 0.5, 0), 1);
    case Activation::relu: return std::fmax(x, 0);
  }
  return x;
}

// At the result y.
double slope(Activation kind, double y) {
  switch (kind) {
    case Activation::linear: return 1;
    case Activation::tanh: return 1 - y * y;
    case Activation::sigmoid: return y * (1 - y);
    case Activation::hard_sigmoid: return y > 0 && y < 1 ? 0.2 : 0;
    case Activation::relu6_sigmoid: return y > 0 && y < 1 ? 1.0 / 6 : 0;
    case Activation::relu: return y > 0 ? 1 : 0;
  }
  return 1;
}

// What both directions share. Workspace: vectors of units doubles for the row being computed.
template <class T>
class Sequence : public Kernel {
 public:
  size_t workspace_bytes() const override {
    return sizeof(double) * static_cast<size_t>(kVectors * units_);
  }

 protected:
  static constexpr int kVectors = 14;

  Sequence(const KernelRequest& r, int kernel)
      : r_(r.op, r.attrs),
        steps_(r.in[0].shape[0]),
        rows_(r.in[0].shape[1]),
        units_(r.in[kernel].shape[0]) {}

  int64_t index_of(int64_t step) const { return r_.reverse ? steps_ - 1 - step : step; }
  double* vector(const RunArgs& args, int i) const {
    return static_cast<double*>(args.workspace) + i * units_;
  }
  // Row n of step t in an array (T, N, width).
  int64_t at(int64_t t, int64_t n, int64_t width) const { return (t * rows_ + n) * width; }
  bool on(const RunArgs& args, int mask, int64_t t, int64_t n) const {
    return !r_.masked || args.input<bool>(mask)[t * rows_ + n];
  }
  double drop(const RunArgs& args, int input, int64_t n, int64_t u, int gate) const {
    if (!r_.dropped) return 1;
    const int64_t mask = r_.apart ? gate * rows_ : 0;
    return static_cast<double>(args.input<T>(input)[(mask + n) * units_ + u]);
  }
  // x·(column of the kernel), x·(row of the kernel, from gate `first` on).
  double column(const T* kernel, const double* x, int64_t j) const {
    double sum = 0;
    for (int64_t u = 0; u < units_; ++u) sum += x[u] * kernel[u * r_.gates() * units_ + j];
    return sum;
  }
  double row(const T* kernel, const double* x, int64_t u, int first, int gates) const {
    double sum = 0;
    const T* k = kernel + (u * r_.gates() + first) * units_;
    for (int64_t j = 0; j < gates * units_; ++j) sum += x[j] * k[j];
    return sum;
  }

  const Recurrence r_;
  const int64_t steps_, rows_, units_;
};

template <class T>
class Forward : public Sequence<T> {
 public:
  explicit Forward(const KernelRequest& r) : Sequence<T>(r, Recurrence::kKernel) {}

  void run(const RunArgs& args) const override {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_;
    double *h = this->vector(args, 0), *c = this->vector(args, 1), *gates = this->vector(args, 2);
    double *next_h = this->vector(args, 6), *next_c = this->vector(args, 7);
    double* seen = this->vector(args, 8);  // by each gate
    const double* carried = r.apart ? h : seen;
    for (int64_t n = 0; n < this->rows_; ++n) {
      for (int64_t u = 0; u < units; ++u) {
        h[u] = args.input<T>(Recurrence::kH)[n * units + u];
        if (r.lstm()) c[u] = args.input<T>(r.c_input())[n * units + u];
      }
      for (int64_t step = 0; step < this->steps_; ++step) {
        const int64_t t = this->index_of(step);
        for (int g = 0; g < r.gates(); ++g)
          for (int64_t u = 0; u < units; ++u)
            seen[g * units + u] = h[u] * this->drop(args, r.drop_input(), n, u, g);
        const bool on = this->on(args, r.mask_input(), t, n);
        const T* x = args.input<T>(Recurrence::kX) + this->at(t, n, r.gates() * units);
        if (r.lstm()) lstm(args, x, seen, c, gates, next_h, next_c);
        else if (r.gru()) gru(args, x, seen, carried, gates, next_h);
        else simple(args, x, seen, next_h);
        if (r.trace) keep(args, this->at(t, n, units), carried, c, gates, on);
        for (int64_t u = 0; on && u < units; ++u) {
          h[u] = next_h[u];
          c[u] = next_c[u];
        }
        for (int64_t u = 0; u < units; ++u)
          args.output<T>(0)[this->at(t, n, units) + u] = static_cast<T>(h[u]);
      }
      for (int64_t u = 0; u < units; ++u) {
        args.output<T>(1)[n * units + u] = static_cast<T>(h[u]);
        if (r.lstm()) args.output<T>(2)[n * units + u] = static_cast<T>(c[u]);
      }
    }
  }

 private:
  void keep(const RunArgs& args, int64_t at, const double* carried, const double* c,
            const double* gates, bool on) const {
    const Recurrence& r = this->r_;
    for (int64_t u = 0; u < this->units_; ++u) {
      args.output<T>(r.seen_output())[at + u] = static_cast<T>(carried[u]);
      if (r.lstm()) args.output<T>(r.c_before_output())[at + u] = static_cast<T>(c[u]);
    }
    for (int64_t j = 0; !r.simple() && j < 4 * this->units_; ++j)
      args.output<T>(r.gates_output())[4 * at + j] = static_cast<T>(on ? gates[j] : 0);
  }

  void lstm(const RunArgs& args, const T* x, const double* seen, const double* c, double* gates,
            double* next_h, double* next_c) const {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_;
    const T* kernel = args.input<T>(Recurrence::kKernel);
    for (int64_t j = 0; j < 4 * units; ++j)
      gates[j] = activate(j / units == 2 ? r.activation : r.gate,
                          x[j] + this->column(kernel, seen + j / units * units, j));
    for (int64_t u = 0; u < units; ++u) {
      next_c[u] = gates[units + u] * c[u] + gates[u] * gates[2 * units + u];
      next_h[u] = gates[3 * units + u] * activate(r.activation, next_c[u]);
    }
  }

  void gru(const RunArgs& args, const T* x, const double* seen, const double* carried,
           double* gates, double* next_h) const {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_;
    const T* kernel = args.input<T>(Recurrence::kKernel);
    const T* bias = r.reset_after() ? args.input<T>(r.bias_input()) : nullptr;
    for (int64_t j = 0; j < 2 * units; ++j)
      gates[j] = activate(
          r.gate, x[j] + this->column(kernel, seen + j / units * units, j) + (bias ? bias[j] : 0));
    double *reset = gates + units, *a = gates + 2 * units, *last = gates + 3 * units;
    for (int64_t u = 0; u < units; ++u)
      last[u] = bias ? this->column(kernel, seen + 2 * units, 2 * units + u) + bias[2 * units + u]
                     : reset[u] * seen[2 * units + u];
    for (int64_t u = 0; u < units; ++u) {
      const double inner = bias ? reset[u] * last[u] : this->column(kernel, last, 2 * units + u);
      a[u] = activate(r.activation, x[2 * units + u] + inner);
      next_h[u] = gates[u] * carried[u] + (1 - gates[u]) * a[u];
    }
  }

  void simple(const RunArgs& args, const T* x, const double* seen, double* next_h) const {
    const T* kernel = args.input<T>(Recurrence::kKernel);
    for (int64_t u = 0; u < this->units_; ++u)
      next_h[u] = activate(this->r_.activation, x[u] + this->column(kernel, seen, u));
  }
};

template <class T>
class Back : public Sequence<T> {
 public:
  explicit Back(const KernelRequest& r) : Sequence<T>(r, Recurrence(r.op, r.attrs).grad_kernel()) {}

  void run(const RunArgs& args) const override {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_;
    double *dh = this->vector(args, 0), *dc = this->vector(args, 1);
    for (int64_t n = 0; n < this->rows_; ++n) {
      for (int64_t u = 0; u < units; ++u) {
        dh[u] = args.input<T>(r.grad_h())[n * units + u];
        if (r.lstm()) dc[u] = args.input<T>(r.grad_c())[n * units + u];
      }
      for (int64_t step = this->steps_ - 1; step >= 0; --step) {
        const int64_t t = this->index_of(step);
        for (int64_t u = 0; r.out_grad && u < units; ++u)
          dh[u] += args.input<T>(r.grad_out())[this->at(t, n, units) + u];
        if (this->on(args, r.grad_mask(), t, n)) back(args, t, n, dh, dc);
        else clear(args, t, n);
      }
      for (int64_t u = 0; u < units; ++u) {
        args.output<T>(1)[n * units + u] = static_cast<T>(dh[u]);
        if (r.lstm()) args.output<T>(2)[n * units + u] = static_cast<T>(dc[u]);
      }
    }
  }

 private:
  void clear(const RunArgs& args, int64_t t, int64_t n) const {
    const int64_t width = this->r_.gates() * this->units_;
    for (int64_t j = 0; j < width; ++j) {
      args.output<T>(0)[this->at(t, n, width) + j] = T{};
      if (this->r_.reset_after()) args.output<T>(2)[this->at(t, n, width) + j] = T{};
    }
  }

  // From the gradients of the state after a step to those before it.
  void back(const RunArgs& args, int64_t t, int64_t n, double* dh, double* dc) const {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_, width = r.gates() * units;
    const T* kernel = args.input<T>(r.grad_kernel());
    double *dx = this->vector(args, 2), *dp = this->vector(args, 6);
    double* past = this->vector(args, 10);
    for (int64_t u = 0; u < units; ++u) past[u] = 0;
    if (r.lstm()) {
      lstm(args, t, n, dh, dc, dx);
    } else if (r.gru()) {
      gru(args, t, n, dh, dx, dp, past);
    } else {
      for (int64_t u = 0; u < units; ++u)
        dx[u] = dh[u] * slope(r.activation, args.input<T>(0)[this->at(t, n, units) + u]);
    }
    const double* through = r.reset_after() ? dp : dx;
    const int gates = r.cell == RecurrentCell::gru ? 2 : r.gates();
    for (int64_t u = 0; u < units; ++u) {
      dh[u] = past[u];
      for (int g = 0; g < gates; ++g)
        dh[u] += this->drop(args, r.grad_drop(), n, u, g) *
                 this->row(kernel, through + g * units, u, g, 1);
    }
    for (int64_t j = 0; j < width; ++j) {
      args.output<T>(0)[this->at(t, n, width) + j] = static_cast<T>(dx[j]);
      if (r.reset_after()) args.output<T>(2)[this->at(t, n, width) + j] = static_cast<T>(dp[j]);
    }
  }

  void lstm(const RunArgs& args, int64_t t, int64_t n, const double* dh, double* dc,
            double* dx) const {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_;
    const T* gates = args.input<T>(0) + this->at(t, n, 4 * units);
    const T* c = args.input<T>(1) + this->at(t, n, units);
    for (int64_t u = 0; u < units; ++u) {
      const double i = gates[u], f = gates[units + u], a = gates[2 * units + u],
                   o = gates[3 * units + u];
      const double shown = activate(r.activation, f * c[u] + i * a);
      const double total = dc[u] + dh[u] * o * slope(r.activation, shown);
      dx[u] = total * a * slope(r.gate, i);
      dx[units + u] = total * c[u] * slope(r.gate, f);
      dx[2 * units + u] = total * i * slope(r.activation, a);
      dx[3 * units + u] = dh[u] * shown * slope(r.gate, o);
      dc[u] = total * f;
    }
  }

  void gru(const RunArgs& args, int64_t t, int64_t n, const double* dh, double* dx, double* dp,
           double* past) const {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_;
    const T* gates = args.input<T>(0) + this->at(t, n, 4 * units);
    const T* seen = args.input<T>(1) + this->at(t, n, units);
    for (int64_t u = 0; u < units; ++u) {
      const double z = gates[u], a = gates[2 * units + u];
      dx[u] = dh[u] * (seen[u] - a) * slope(r.gate, z);
      dx[2 * units + u] = dh[u] * (1 - z) * slope(r.activation, a);
      past[u] = dh[u] * z * (r.apart ? 1 : this->drop(args, r.grad_drop(), n, u, 0));
    }
    for (int64_t u = 0; u < units; ++u) {
      const double reset = gates[units + u], last = gates[3 * units + u], da = dx[2 * units + u];
      if (r.reset_after()) {
        dx[units + u] = da * last * slope(r.gate, reset);
        dp[2 * units + u] = da * reset;
      } else {
        const double inner = this->row(args.input<T>(r.grad_kernel()), dx + 2 * units, u, 2, 1);
        const double drop = this->drop(args, r.grad_drop(), n, u, 2);
        dx[units + u] = inner * seen[u] * (r.apart ? drop : 1) * slope(r.gate, reset);
        past[u] += inner * reset * drop;
      }
      dp[u] = dx[u];
      dp[units + u] = dx[units + u];
    }
  }
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

}  // namespace

std::unique_ptr<Kernel> make_sequence(const KernelRequest& r, std::string&) {
  return make<Forward>(r);
}
std::unique_ptr<Kernel> make_sequence_grad(const KernelRequest& r, std::string&) {
  return make<Back>(r);
}

std::unique_ptr<Kernel> make_sequence_pair(const KernelRequest& r, std::string& refusal) {
  return make_recurrent_pair<Kernel>(r, refusal, [](const KernelRequest& half, std::string& why) {
    return half.op.ends_with("_grad") ? make_sequence_grad(half, why) : make_sequence(half, why);
  });
}

}  // namespace kn::cpu::ref
