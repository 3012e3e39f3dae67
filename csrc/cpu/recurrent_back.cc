#include "cpu/recurrent_kernels.h"
#include "cpu/recurrent_sequence.h"

namespace kn::cpu {

namespace {

template <class Way>
class Back : public SequenceKernel<Way> {
  using Base = SequenceKernel<Way>;
  using typename Base::Step;
  using typename Base::T;

 public:
  Back(const KernelRequest& r, const Recurrence& recurrence)
      : Base(recurrence, r.in[0].shape, r.in[recurrence.grad_kernel()].shape[0]) {
    using S = RecurrentSlice;
    const bool two = recurrence.cell == RecurrentCell::gru;
    this->panels_ = this->panels_of(S::kTransposed, 0, two ? 2 : recurrence.gates());
    if (two) this->panels_2_ = this->panels_of(S::kTransposed, 2, 1);
  }

  size_t workspace_bytes() const override { return this->workspace_for(0); }

 private:
  const T* kernel(const RunArgs& args) const override {
    return args.input<T>(this->r_.grad_kernel());
  }

  void run_range(const RunArgs& args, int64_t from, int64_t until, int slot) const override {
    const Recurrence& r = this->r_;
    const int64_t units = this->units_, first = from * units, n = (until - from) * units;
    const int64_t state = this->state_size(), width = r.gates() * units;

    Step s = this->step_of(args, from, until, r.grad_drop(), slot);
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
      if (r.gru()) s.carried = args.input<T>(1) + here;
      if (r.out_grad) s.d_out = args.input<T>(r.grad_out()) + here;
      s.dx = args.output<T>(0) + row * width;
      if (r.reset_after()) s.dp = args.output<T>(2) + row * width;
      this->way_.steps->back[this->cell_](s);
      s.later = r.reset_after() ? s.dp : s.dx;
      s.k = this->panels_.slice().k();
    }
    s.d_out = nullptr;
    this->way_.steps->back_to_state(s);
  }
};

template <class Way>
std::unique_ptr<SequenceParts> make(const KernelRequest& r, std::string& why) {
  const Recurrence recurrence(r.op, r.attrs);
  if (!Way().fits(r.in[0].shape[1], r.in[recurrence.grad_kernel()].shape[0], recurrence.apart, why))
    return nullptr;
  return std::make_unique<Back<Way>>(r, recurrence);
}

}  // namespace

std::unique_ptr<SequenceParts> make_sequence_grad(const KernelRequest& r, std::string& why) {
  if (r.in[0].dtype == DType::f64) return make<RecurrentVectors<double>>(r, why);
  return make<RecurrentVectors<float>>(r, why);
}

std::unique_ptr<SequenceParts> make_sequence_grad_in_tiles(const KernelRequest& r,
                                                           std::string& why) {
  if (r.in[0].dtype == DType::f32) return make<RecurrentTiles>(r, why);
  why = "float32 only";
  return nullptr;
}

}  // namespace kn::cpu
