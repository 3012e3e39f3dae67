// softmax and its kin: over the last axis row by row, over others a stretch of columns at a time.
#include "cpu/isa/softmax.h"

#include <algorithm>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/softmax.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kGrain = 1 << 12;    // elements of a task, when there are enough
constexpr double kNanoseconds = 0.75;  // per element, for the cost of the whole
constexpr int64_t kColumns = 128;      // of a task, where the axis is not the last

const SoftmaxLoops<float>& loops_of(float) { return table().softmax.f32; }
const SoftmaxLoops<double>& loops_of(double) { return table().softmax.f64; }

// x (outer, n, inner)
template <class T>
class Softmax : public Kernel {
 public:
  explicit Softmax(const KernelRequest& r)
      : loops_(loops_of(T{})), log_(r.op.starts_with("log")), gradient_(r.op.ends_with("_grad")) {
    const Shape& s = r.in[0].shape;
    const int axis = normalize_axis(r.attrs.integer("axis", -1), s.rank(), r.op);
    outer_ = s.elements(0, axis);
    n_ = s[axis];
    inner_ = s.elements(axis + 1, s.rank());
  }
  bool in_place(int, int) const override { return true; }

  void run(const RunArgs& args) const override {
    const int64_t elements = outer_ * n_ * inner_;
    if (elements == 0) return;
    const auto cost = static_cast<int64_t>(static_cast<double>(elements) * kNanoseconds);
    if (inner_ == 1) {
      args.pool->parallel_for(outer_, std::max<int64_t>(1, kGrain / n_), cost,
                              [&](int64_t from, int64_t to) { run_rows(args, from, to - from); });
      return;
    }
    const int64_t strips = (inner_ + kColumns - 1) / kColumns;
    args.pool->parallel_for(outer_ * strips, 1, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t column = i % strips * kColumns;
        run_columns(args, i / strips * n_ * inner_ + column, std::min(kColumns, inner_ - column));
      }
    });
  }

 private:
  void run_rows(const RunArgs& args, int64_t first, int64_t rows) const {
    const T* x = args.input<T>(0) + first * n_;
    T* out = args.output<T>(0) + first * n_;
    if (gradient_)
      (log_ ? loops_.log_rows_grad : loops_.rows_grad)(x, args.input<T>(1) + first * n_, rows, n_,
                                                       out);
    else (log_ ? loops_.log_rows : loops_.rows)(x, rows, n_, out);
  }

  void run_columns(const RunArgs& args, int64_t at, int64_t columns) const {
    const T* x = args.input<T>(0) + at;
    T* out = args.output<T>(0) + at;
    if (gradient_)
      (log_ ? loops_.log_columns_grad : loops_.columns_grad)(x, args.input<T>(1) + at, n_, inner_,
                                                             columns, out);
    else (log_ ? loops_.log_columns : loops_.columns)(x, n_, inner_, columns, out);
  }

  const SoftmaxLoops<T>& loops_;
  bool log_, gradient_;
  int64_t outer_, n_, inner_;
};

std::unique_ptr<Kernel> make_loops(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<Softmax<double>>(r);
  return std::make_unique<Softmax<float>>(r);
}

const Candidate kSoftmax[] = {{"loops", make_loops}, {"ref", ref::make_softmax}};
const Candidate kSoftmaxGrad[] = {{"loops", make_loops}, {"ref", ref::make_softmax_grad}};

const OpKernels kKernels[] = {{"softmax", kSoftmax},
                              {"log_softmax", kSoftmax},
                              {"softmax_grad", kSoftmaxGrad},
                              {"log_softmax_grad", kSoftmaxGrad}};

}  // namespace

std::span<const OpKernels> softmax_kernels() { return kKernels; }

}  // namespace kn::cpu
