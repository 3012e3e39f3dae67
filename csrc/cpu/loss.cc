// Cross-entropies over classes, row by row, and in one kernel with the softmax before them. The
// binary ones are elementwise: a pass writes them as such, so that they join the chains around
// them, and only their reference is a kernel.
#include "cpu/isa/loss.h"

#include <algorithm>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/isa/reduce.h"
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
ReduceLoops<float>::Find find_largest(float) { return table().reduce.f32.find_largest; }
ReduceLoops<double>::Find find_largest(double) { return table().reduce.f64.find_largest; }

template <class T>
LossPair<T> pair_of(std::string_view op) {
  const LossLoops<T>& l = loops_of(T{});
  if (op.starts_with("softmax_cross_entropy")) return l.softmax;
  if (op.starts_with("sparse_softmax_cross_entropy")) return l.sparse_softmax;
  if (op.starts_with("categorical_crossentropy")) return l.categorical;
  if (op.starts_with("sparse_categorical_crossentropy")) return l.sparse_categorical;
  if (op.starts_with("softmax_with_cross_entropy")) return l.with_softmax;
  if (op.starts_with("softmax_with_sparse_cross_entropy")) return l.sparse_with_softmax;
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

// Loss, gradient and hits of some rows while they are in the cache: the loops of the single ops,
// one after the other.
template <class T>
class LossStep : public Kernel {
 public:
  explicit LossStep(const KernelRequest& r)
      : sparse_(r.op.find("sparse") != std::string_view::npos),
        weighted_(r.in.size() == 3),
        hits_(r.attrs.flag("hits", false)),
        keep_(r.attrs.flag("keep", false)),
        reads_twice_(r.op.starts_with("softmax_with")),
        forward_(pair_of<T>(r.op).forward),
        backward_((sparse_ ? loops_of(T{}).sparse_fused : loops_of(T{}).fused).backward),
        find_(find_largest(T{})),
        label_dtype_(r.in[1].dtype),
        n_(r.in[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)),
        low_(static_cast<T>(r.attrs.number("epsilon", 1e-7))),
        scale_(static_cast<T>(r.attrs.number("scale", 1))) {}
  bool in_place(int output, int input) const override {
    return output == 0 && input == 0 && (keep_ || !reads_twice_);
  }

  void run(const RunArgs& args) const override {
    const auto cost = static_cast<int64_t>(static_cast<double>(rows_ * n_) * 2 * kNanoseconds);
    args.pool->parallel_for(rows_, std::max<int64_t>(1, kGrain / n_), cost,
                            [&](int64_t from, int64_t to) {
                              for (; from < to; from += kLabels)
                                run_rows(args, from, std::min(kLabels, to - from));
                            });
  }

 private:
  void run_rows(const RunArgs& args, int64_t first, int64_t rows) const {
    int64_t classes[kLabels];
    T g[kLabels];
    for (int64_t i = 0; i < rows; ++i)
      g[i] = weighted_ ? scale_ * args.input<T>(2)[first + i] : scale_;
    LossRows<T> a{};
    a.x = args.input<T>(0) + first * n_;
    if (sparse_) {
      read_classes(args.in[1], label_dtype_, first, rows, n_, classes, args.fault);
      a.classes = classes;
    } else {
      a.target = args.input<T>(1) + first * n_;
    }
    a.g = g;
    a.rows = rows;
    a.n = n_;
    a.low = low_;
    a.high = 1 - low_;
    T* dx = args.output<T>(0) + first * n_;
    a.out = keep_ ? args.output<T>(hits_ ? 3 : 2) + first * n_ : dx;
    a.loss = args.output<T>(1) + first;
    forward_(a);
    a.x = a.out;  // probabilities
    if (hits_) mark_hits(a, args.output<T>(2) + first);
    a.out = dx;
    backward_(a);
  }

  void mark_hits(const LossRows<T>& a, T* hits) const {
    int64_t found[kLabels], wanted[kLabels];
    find_(a.x, a.rows, a.n, found);
    if (!sparse_) find_(a.target, a.rows, a.n, wanted);
    const int64_t* want = sparse_ ? a.classes : wanted;
    for (int64_t i = 0; i < a.rows; ++i) hits[i] = found[i] == want[i] ? 1 : 0;
  }

  bool sparse_, weighted_, hits_, keep_, reads_twice_;
  LossLoop<T> forward_, backward_;
  typename ReduceLoops<T>::Find find_;
  DType label_dtype_;
  int64_t n_, rows_;
  T low_, scale_;
};

template <template <class> class K>
std::unique_ptr<Kernel> make_loops(const KernelRequest& r, std::string& refusal) {
  const int64_t n = r.in[0].shape.back();
  if (n == 0 || n >= INT32_MAX) {
    refusal = "no classes, or more than positions can count";
    return nullptr;
  }
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

const Candidate kLoss[] = {{"loops", make_loops<Loss>}, {"ref", ref::make_loss}};
const Candidate kStep[] = {{"loops", make_loops<LossStep>}, {"ref", ref::make_loss_step}};
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
    {"softmax_categorical_crossentropy_step", kStep},
    {"softmax_sparse_categorical_crossentropy_step", kStep},
    {"softmax_with_cross_entropy_step", kStep},
    {"softmax_with_sparse_cross_entropy_step", kStep},
};

}  // namespace

std::span<const OpKernels> loss_kernels() { return kKernels; }

}  // namespace kn::cpu
