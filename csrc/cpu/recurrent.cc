// Recurrent layers over whole sequences. Rows of a batch do not depend on each other: each thread
// takes some of them through all steps, without a word to the others, and the recurrent kernel,
// packed once per call, stays in its second cache. What a step does is in isa/recurrent.isa.cc.
#include <algorithm>
#include <cstring>

#include "base/recurrence.h"
#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/recurrent.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kAlign = 64;      // bytes
constexpr int64_t kMostRows = 48;   // of a chunk: what they read of a step stays in the first cache
constexpr int64_t kFewestRows = 4;  // that are worth a pass over the kernel

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

template <class T>
const RecurrentLoops<T>& loops();
template <>
const RecurrentLoops<float>& loops() {
  return table().recurrent.f32;
}
template <>
const RecurrentLoops<double>& loops() {
  return table().recurrent.f64;
}
template <class T>
const GemmKernels<T>& moves();
template <>
const GemmKernels<float>& moves() {
  return table().gemm.f32;
}
template <>
const GemmKernels<double>& moves() {
  return table().gemm.f64;
}

// Panels of a product's right side (see RecurrentStep), made of `gates` gates of the recurrent
// kernel (units, all * units) from gate `first` on.
template <class T>
class Panels {
 public:
  enum Form {
    kGates,       // of the kernel, all gates of some units side by side
    kNeighbours,  // of the kernel, one gate, twice as many units
    kTransposed,  // of its transpose, twice as many units
  };

  Panels() = default;
  Panels(Form form, int64_t units, int all, int first, int gates)
      : form_(form), units_(units), row_(all * units), first_(first * units), gates_(gates) {
    const int64_t lanes = loops<T>().lanes;
    k_ = form == kTransposed ? gates * units : units;
    width_ = (form == kGates ? gates : 2) * lanes;
    panel_units_ = form == kGates ? lanes : 2 * lanes;
    count_ = ceil_div(units, panel_units_);
  }

  int64_t k() const { return k_; }
  int64_t count() const { return count_; }
  int64_t elements() const { return round_up(count_ * k_ * width_, kAlign / sizeof(T)); }

  void pack(const T* kernel, int64_t index, T* panels) const {
    T* to = panels + index * k_ * width_;
    const int64_t unit = index * panel_units_, n = std::min(panel_units_, units_ - unit);
    if (n < panel_units_) std::fill_n(to, k_ * width_, T{});
    const T* from = kernel + first_;
    if (form_ == kTransposed) {
      moves<T>().transpose(n, k_, from + unit * row_, row_, to, width_);
      return;
    }
    const int parts = form_ == kGates ? gates_ : 1;
    for (int g = 0; g < parts; ++g)
      moves<T>().copy(k_, n, from + g * units_ + unit, row_, to + g * panel_units_, width_);
  }

 private:
  Form form_ = kGates;
  int64_t units_ = 0, row_ = 0, first_ = 0, k_ = 0, width_ = 0, panel_units_ = 0, count_ = 0;
  int gates_ = 0;
};

// What both directions share: extents, panels and the split over rows.
template <class T>
class SequenceKernel : public Kernel {
 protected:
  using Step = RecurrentStep<T>;

  SequenceKernel(const Recurrence& r, const Shape& sequence, int64_t units)
      : r_(r),
        steps_(sequence[0]),
        rows_(sequence[1]),
        units_(units),
        cell_(static_cast<int>(r.cell)),
        loops_(loops<T>()) {}

  int64_t state_size() const { return rows_ * units_; }
  int64_t index_of(int64_t step) const { return r_.reverse ? steps_ - 1 - step : step; }

  // A step's constant part, for rows from `row` on.
  Step step_of(const RunArgs& args, int64_t from, int64_t until, int drop_input) const {
    Step s{};
    s.rows = until - from;
    s.units = units_;
    s.activation = r_.activation;
    s.gate = r_.gate;
    s.panels = static_cast<const T*>(args.workspace);
    s.panels_2 = s.panels + panels_.elements();
    s.drop = r_.dropped ? args.input<T>(drop_input) + from * units_ : nullptr;
    return s;
  }
  const bool* mask_of(const RunArgs& args, int input, int64_t t, int64_t from) const {
    return r_.masked ? args.input<bool>(input) + t * rows_ + from : nullptr;
  }
  int64_t panel_elements() const { return panels_.elements() + panels_2_.elements(); }
  T* after_panels(const RunArgs& args) const {
    return static_cast<T*>(args.workspace) + panel_elements();
  }

  // Packs the kernel and calls body(from, until) for ranges of rows.
  template <class Body>
  void run_rows(const RunArgs& args, const T* kernel, const Body& body) const {
    T* panels = static_cast<T*>(args.workspace);
    const int64_t packed = panels_.count() + panels_2_.count();
    const int64_t size = r_.gates() * units_ * units_;
    args.pool->run_chunks(packed, size / 8, [&](int64_t i) {
      if (i < panels_.count()) panels_.pack(kernel, i, panels);
      else panels_2_.pack(kernel, i - panels_.count(), panels + panels_.elements());
    });
    const int64_t row_cost = steps_ * r_.gates() * units_ * (units_ + 80) / 100;
    const int64_t chunks = chunks_for(args.pool->threads(), row_cost);
    args.pool->run_chunks(chunks, rows_ * row_cost,
                          [&](int64_t i) { body(i * rows_ / chunks, (i + 1) * rows_ / chunks); });
  }

  Recurrence r_;
  int64_t steps_, rows_, units_;
  int cell_;
  const RecurrentLoops<T>& loops_;
  Panels<T> panels_, panels_2_;

 private:
  // A row's results are the same whatever rows it is together with.
  int64_t chunks_for(int64_t threads, int64_t row_cost) const {
    constexpr int64_t kWorthSplitting = 10'000;  // nanoseconds
    const int64_t least = ceil_div(rows_, kMostRows);
    if (threads == 1 || rows_ * row_cost < kWorthSplitting) return least;
    const int64_t shared = std::min(threads, ceil_div(rows_, kFewestRows));
    return least <= shared ? shared : round_up(least, threads);
  }
};

template <class T>
class Forward : public SequenceKernel<T> {
  using Base = SequenceKernel<T>;
  using typename Base::Step;

 public:
  Forward(const KernelRequest& r, const Recurrence& recurrence)
      : Base(recurrence, r.in[0].shape, r.in[Recurrence::kKernel].shape[0]) {
    using P = Panels<T>;
    const int64_t units = this->units_;
    if (recurrence.simple()) this->panels_ = P(P::kNeighbours, units, 1, 0, 1);
    else if (recurrence.lstm()) this->panels_ = P(P::kGates, units, 4, 0, 4);
    else if (recurrence.reset_after()) this->panels_ = P(P::kGates, units, 3, 0, 3);
    else {
      this->panels_ = P(P::kGates, units, 3, 0, 2);
      this->panels_2_ = P(P::kNeighbours, units, 3, 2, 1);
    }
  }

  size_t workspace_bytes() const override {
    const int64_t states = 2 + (keeps_scratch_gates() ? 4 : 0);
    return sizeof(T) * static_cast<size_t>(this->panel_elements() + states * this->state_size());
  }

  void run(const RunArgs& args) const override {
    this->run_rows(args, args.input<T>(Recurrence::kKernel),
                   [&](int64_t from, int64_t until) { run_steps(args, from, until); });
  }

 private:
  bool keeps_scratch_gates() const {
    return this->r_.cell == RecurrentCell::gru && !this->r_.trace;
  }

  void run_steps(const RunArgs& args, int64_t from, int64_t until) const {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_, first = from * units, n = (until - from) * units;
    const int64_t state = this->state_size(), width = r.gates() * units;
    T* buffers[2] = {this->after_panels(args) + first, this->after_panels(args) + state + first};
    T* gates = keeps_scratch_gates() ? this->after_panels(args) + 2 * state + 4 * first : nullptr;
    const T* h = args.input<T>(Recurrence::kH) + first;
    T* trace = r.trace ? args.output<T>(r.seen_output()) + first : nullptr;
    const auto seen = [&](int64_t step) {
      if (!trace || step == this->steps_) return buffers[step & 1];
      return trace + this->index_of(step) * state;
    };

    Step s = this->step_of(args, from, until, r.drop_input());
    if (r.reset_after()) s.bias = args.input<T>(r.bias_input());
    if (r.lstm()) {
      s.c = args.output<T>(2) + first;
      std::copy_n(args.input<T>(r.c_input()) + first, n, s.c);
    }
    T* start = seen(0);
    for (int64_t i = 0; i < n; ++i) start[i] = s.drop ? h[i] * s.drop[i] : h[i];
    for (int64_t step = 0; step < this->steps_; ++step) {
      const int64_t t = this->index_of(step);
      s.mask = this->mask_of(args, r.mask_input(), t, from);
      s.x = args.input<T>(Recurrence::kX) + (t * this->rows_ + from) * width;
      s.seen = seen(step);
      s.seen_next = seen(step + 1);
      s.h_before = h;
      s.h = args.output<T>(0) + t * state + first;
      s.gates = gates;
      if (r.trace && !r.simple())
        s.gates = args.output<T>(r.gates_output()) + 4 * (t * state + first);
      if (r.trace && r.lstm()) s.c_before = args.output<T>(r.c_before_output()) + t * state + first;
      this->loops_.forward[this->cell_](s);
      h = s.h;
    }
    std::copy_n(h, n, args.output<T>(1) + first);
  }
};

template <class T>
class Back : public SequenceKernel<T> {
  using Base = SequenceKernel<T>;
  using typename Base::Step;

 public:
  Back(const KernelRequest& r, const Recurrence& recurrence)
      : Base(recurrence, r.in[0].shape, r.in[recurrence.grad_kernel()].shape[0]) {
    using P = Panels<T>;
    const int64_t units = this->units_;
    const int all = recurrence.gates();
    if (recurrence.cell == RecurrentCell::gru) {
      this->panels_ = P(P::kTransposed, units, 3, 0, 2);
      this->panels_2_ = P(P::kTransposed, units, 3, 2, 1);
    } else {
      this->panels_ = P(P::kTransposed, units, all, 0, all);
    }
  }

  size_t workspace_bytes() const override {
    return sizeof(T) * static_cast<size_t>(this->panel_elements());
  }

  void run(const RunArgs& args) const override {
    this->run_rows(args, args.input<T>(this->r_.grad_kernel()),
                   [&](int64_t from, int64_t until) { run_steps(args, from, until); });
  }

 private:
  void run_steps(const RunArgs& args, int64_t from, int64_t until) const {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_, first = from * units, n = (until - from) * units;
    const int64_t state = this->state_size(), width = r.gates() * units;

    Step s = this->step_of(args, from, until, r.grad_drop());
    s.direct = args.output<T>(1) + first;
    std::copy_n(args.input<T>(r.grad_h()) + first, n, s.direct);
    if (r.lstm()) {
      s.dc = args.output<T>(2) + first;
      std::copy_n(args.input<T>(r.grad_c()) + first, n, s.dc);
    }
    s.later = args.output<T>(0);  // nothing of it is read at the last step, where k is 0
    s.later_row = width;
    for (int64_t step = this->steps_ - 1; step >= 0; --step) {
      const int64_t t = this->index_of(step), here = t * state + first;
      const int64_t row = t * this->rows_ + from;
      s.mask = this->mask_of(args, r.grad_mask(), t, from);
      if (r.simple()) s.shown = args.input<T>(0) + here;
      else s.gates = const_cast<T*>(args.input<T>(0)) + 4 * here;
      if (r.lstm()) s.c_before = const_cast<T*>(args.input<T>(1)) + here;
      if (r.gru()) s.seen = args.input<T>(1) + here;
      if (r.out_grad) s.d_out = args.input<T>(r.grad_out()) + here;
      s.dx = args.output<T>(0) + row * width;
      if (r.reset_after()) s.dp = args.output<T>(2) + row * width;
      this->loops_.back[this->cell_](s);
      s.later = r.reset_after() ? s.dp : s.dx;
      s.k = this->panels_.k();
    }
    s.d_out = nullptr;
    this->loops_.back_to_state(s);
  }
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string&) {
  const Recurrence recurrence(r.op, r.attrs);
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r, recurrence);
  return std::make_unique<K<float>>(r, recurrence);
}

const Candidate kForward[] = {{"steps", make<Forward>}, {"ref", ref::make_sequence}};
const Candidate kBack[] = {{"steps", make<Back>}, {"ref", ref::make_sequence_grad}};

const OpKernels kKernels[] = {
    {"simple_rnn_sequence", kForward}, {"gru_sequence", kForward},
    {"lstm_sequence", kForward},       {"simple_rnn_sequence_grad", kBack},
    {"gru_sequence_grad", kBack},      {"lstm_sequence_grad", kBack},
};

}  // namespace

std::span<const OpKernels> recurrent_kernels() { return kKernels; }

}  // namespace kn::cpu
