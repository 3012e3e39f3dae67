#include "cpu/recurrent_kernels.h"
#include "cpu/recurrent_sequence.h"

namespace kn::cpu {

namespace {

template <class Way>
class Forward : public SequenceKernel<Way> {
  using Base = SequenceKernel<Way>;
  using typename Base::Step;
  using typename Base::T;

 public:
  Forward(const KernelRequest& r, const Recurrence& recurrence)
      : Base(recurrence, r.in[0].shape, r.in[Recurrence::kKernel].shape[0]) {
    using S = RecurrentSlice;
    if (recurrence.simple()) {
      this->panels_ = this->panels_of(S::kNeighbours, 0, 1);
    } else if (recurrence.cell == RecurrentCell::gru) {
      this->panels_ = this->panels_of(S::kGates, 0, 2);
      this->panels_2_ = this->panels_of(S::kNeighbours, 2, 1);
    } else {
      this->panels_ = this->panels_of(S::kGates, 0, recurrence.gates());
    }
  }

  size_t workspace_bytes() const override {
    const int64_t states = 2 * seen_states() + (keeps_scratch_gates() ? 4 : 0);
    return this->workspace_for(states * this->state_size());
  }

 private:
  // What the products see is kept for two steps: this one's and the next one's.
  int64_t seen_states() const { return std::max(1, this->r_.drops()); }
  bool keeps_scratch_gates() const {
    return this->r_.cell == RecurrentCell::gru && !this->r_.trace;
  }

  const T* kernel(const RunArgs& args) const override { return args.input<T>(Recurrence::kKernel); }

  void run_range(const RunArgs& args, int64_t from, int64_t until, int slot) const override {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_, first = from * units, n = (until - from) * units;
    const int64_t state = this->state_size(), width = r.gates() * units;
    T* const buffers = this->rest(args) + first;
    T* const gates =
        keeps_scratch_gates() ? this->rest(args) + 2 * seen_states() * state + 4 * first : nullptr;
    T* const trace = r.trace ? args.output<T>(r.seen_output()) + first : nullptr;
    const auto seen = [&](int64_t step) {
      if (!trace || r.apart || step == this->steps_)
        return buffers + (step & 1) * seen_states() * state;
      return trace + this->index_of(step) * state;
    };

    const T* h = args.input<T>(Recurrence::kH) + first;
    Step s = this->step_of(args, from, until, r.drop_input(), slot);
    if (r.reset_after()) s.bias = args.input<T>(r.bias_input());
    if (r.lstm()) {
      s.c = args.output<T>(2) + first;
      std::copy_n(args.input<T>(r.c_input()) + first, n, s.c);
    }
    see_first(s, h, seen(0));
    for (int64_t step = 0; step < this->steps_; ++step) {
      const int64_t t = this->index_of(step);
      s.mask = this->mask_of(args, r.mask_input(), t, from);
      s.x = args.input<T>(Recurrence::kX) + (t * this->rows_ + from) * width;
      s.seen = seen(step);
      s.seen_next = seen(step + 1);
      s.h_before = h;
      s.carried = r.apart ? h : s.seen;
      s.h = args.output<T>(0) + t * state + first;
      s.gates = gates;
      if (r.trace && !r.simple())
        s.gates = args.output<T>(r.gates_output()) + 4 * (t * state + first);
      if (r.trace && r.lstm()) s.c_before = args.output<T>(r.c_before_output()) + t * state + first;
      if (r.trace && r.apart) std::copy_n(h, n, trace + t * state);
      this->way_.steps->forward[this->cell_](s);
      h = s.h;
    }
    std::copy_n(h, n, args.output<T>(1) + first);
  }

  // What the first step's products see of the state.
  static void see_first(const Step& s, const T* h, T* seen) {
    const int64_t n = s.rows * s.units;
    if (!s.drop) std::copy_n(h, n, seen);
    for (int g = 0; g < s.drops; ++g)
      for (int64_t i = 0; i < n; ++i) seen[g * s.apart + i] = h[i] * s.drop[g * s.apart + i];
  }
};

template <class Way>
std::unique_ptr<SequenceParts> make(const KernelRequest& r, std::string& why) {
  const Recurrence recurrence(r.op, r.attrs);
  if (!Way().fits(r.in[0].shape[1], r.in[Recurrence::kKernel].shape[0], recurrence.apart, why))
    return nullptr;
  return std::make_unique<Forward<Way>>(r, recurrence);
}

}  // namespace

std::unique_ptr<SequenceParts> make_sequence(const KernelRequest& r, std::string& why) {
  if (r.in[0].dtype == DType::f64) return make<RecurrentVectors<double>>(r, why);
  return make<RecurrentVectors<float>>(r, why);
}

std::unique_ptr<SequenceParts> make_sequence_in_tiles(const KernelRequest& r, std::string& why) {
  if (r.in[0].dtype == DType::f32) return make<RecurrentTiles>(r, why);
  why = "float32 only";
  return nullptr;
}

}  // namespace kn::cpu
