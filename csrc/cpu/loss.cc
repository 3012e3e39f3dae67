// Cross-entropies over classes, row by row, and in one kernel with the softmax before them. The
// binary ones are elementwise: a pass writes them as such, so that they join the chains around
// them, and only their reference is a kernel.
#include "cpu/isa/loss.h"

#include <algorithm>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/labels.h"
#include "cpu/ref/loss.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kGrain = 1 << 12;  // elements of a task, when there are enough
constexpr double kNanoseconds = 1;   // per element, for the cost of the whole
constexpr int64_t kLabels = 64;      // rows whose labels are read at a time

const LossLoops<float>& loops_of(float) { return table().loss.f32; }
const LossLoops<double>& loops_of(double) { return table().loss.f64; }

template <class T>
LossPair<T> pair_of(std::string_view op) {
  const LossLoops<T>& l = loops_of(T{});
  if (op.starts_with("softmax_cross_entropy")) return l.softmax;
  if (op.starts_with("sparse_softmax_cross_entropy")) return l.sparse_softmax;
  if (op.starts_with("categorical_crossentropy")) return l.categorical;
  if (op.starts_with("sparse_categorical_crossentropy")) return l.sparse_categorical;
  if (op == "softmax_with_cross_entropy") return l.with_softmax;
  if (op == "softmax_with_sparse_cross_entropy") return l.sparse_with_softmax;
  return op.starts_with("softmax_sparse") ? l.sparse_fused : l.fused;
}

template <class T>
class Loss : public Kernel {
 public:
  explicit Loss(const KernelRequest& r)
      : gradient_(r.op.ends_with("_grad")),
        sparse_(r.op.find("sparse") != std::string_view::npos),
        loop_(gradient_ ? pair_of<T>(r.op).backward : pair_of<T>(r.op).forward),
        label_dtype_(r.in[1].dtype),
        fused_forward_(r.out.size() == 2),
        reads_twice_(r.op.starts_with("softmax_with")),
        n_(r.in[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)),
        low_(static_cast<T>(r.attrs.number("epsilon", 1e-7))),
        high_(1 - low_) {}
  bool in_place(int output, int input) const override {
    return output == 0 && input == 0 && (gradient_ || fused_forward_) && !reads_twice_;
  }

  void run(const RunArgs& args) const override {
    const auto cost = static_cast<int64_t>(static_cast<double>(rows_ * n_) * kNanoseconds);
    args.pool->parallel_for(rows_, std::max<int64_t>(1, kGrain / n_), cost,
                            [&](int64_t from, int64_t to) {
                              if (sparse_) run_sparse(args, from, to);
                              else run_rows(args, from, to - from, nullptr);
                            });
  }

 private:
  void run_sparse(const RunArgs& args, int64_t from, int64_t to) const {
    int64_t classes[kLabels];
    for (; from < to; from += kLabels) {
      const int64_t count = std::min(kLabels, to - from);
      read_classes(args.in[1], label_dtype_, from, count, n_, classes, args.fault);
      run_rows(args, from, count, classes);
    }
  }

  void run_rows(const RunArgs& args, int64_t first, int64_t rows, const int64_t* classes) const {
    LossRows<T> a{};
    a.x = args.input<T>(0) + first * n_;
    if (classes) a.classes = classes;
    else a.target = args.input<T>(1) + first * n_;
    a.rows = rows;
    a.n = n_;
    a.low = low_;
    a.high = high_;
    if (gradient_) a.g = args.input<T>(2) + first;
    else a.loss = args.output<T>(fused_forward_ ? 1 : 0) + first;
    if (gradient_ || fused_forward_) a.out = args.output<T>(0) + first * n_;
    loop_(a);
  }

  bool gradient_, sparse_;
  LossLoop<T> loop_;
  DType label_dtype_;
  bool fused_forward_, reads_twice_;
  int64_t n_, rows_;
  T low_, high_;
};

std::unique_ptr<Kernel> make_loops(const KernelRequest& r, std::string& refusal) {
  const int64_t n = r.in[0].shape.back();
  if (n == 0 || n >= INT32_MAX) {
    refusal = "no classes, or more than positions can count";
    return nullptr;
  }
  if (r.in[0].dtype == DType::f64) return std::make_unique<Loss<double>>(r);
  return std::make_unique<Loss<float>>(r);
}

const Candidate kLoss[] = {{"loops", make_loops}, {"ref", ref::make_loss}};
const Candidate kBinary[] = {{"ref", ref::make_binary_loss}};

const OpKernels kKernels[] = {
    {"softmax_cross_entropy", kLoss},
    {"softmax_cross_entropy_grad", kLoss},
    {"sparse_softmax_cross_entropy", kLoss},
    {"sparse_softmax_cross_entropy_grad", kLoss},
    {"categorical_crossentropy", kLoss},
    {"categorical_crossentropy_grad", kLoss},
    {"sparse_categorical_crossentropy", kLoss},
    {"sparse_categorical_crossentropy_grad", kLoss},
    {"binary_crossentropy_logits", kBinary},
    {"binary_crossentropy", kBinary},
    {"softmax_categorical_crossentropy", kLoss},
    {"softmax_categorical_crossentropy_grad", kLoss},
    {"softmax_with_cross_entropy", kLoss},
    {"softmax_with_sparse_cross_entropy", kLoss},
    {"softmax_sparse_categorical_crossentropy", kLoss},
    {"softmax_sparse_categorical_crossentropy_grad", kLoss},
};

}  // namespace

std::span<const OpKernels> loss_kernels() { return kKernels; }

}  // namespace kn::cpu
