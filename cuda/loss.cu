// Cross-entropies over classes, dense and sparse, alone and fused with the softmax before them, and
// their gradients: a warp takes a sample. The formulas are in ops/loss.cc.
#include "families.h"
#include "index_input.h"
#include "loss_row.h"
#include "loss_step.h"

namespace kn::cuda {

namespace {

template <class T>
struct Sample {
  LossKind kind;
  bool sparse, gradient, fused;  // fused: probabilities and loss from logits
  int64_t n;
  LossBounds<T> bounds;
  const T *x, *targets, *g;
  IndexInput labels;
  FaultSlot fault;
  T *out, *loss;

  __device__ void operator()(int64_t i, int lane) const {
    LossRow<T> row{x + i * n, n, nullptr, -1, bounds, lane};
    if (sparse) row.label = labels.label(i, n, fault);
    else row.target = targets + i * n;
    if (gradient) return gradient_of(kind, row, g[i], out + i * n);
    T value = 0;
    if (!fused || kind == LossKind::with_softmax) value = loss_of(kind, row);
    if (fused) {
      T* p = out + i * n;
      softmax_of(row, p);
      row.x = p;
      if (kind != LossKind::with_softmax) value = loss_of(kind, row);
    }
    if (lane == 0) loss[i] = value;
  }
};

template <class T>
class Loss : public Kernel {
 public:
  explicit Loss(const KernelRequest& r)
      : kind_(loss_kind(r.op)),
        label_dtype_(r.in[1].dtype),
        sparse_(r.op.find("sparse") != std::string_view::npos),
        gradient_(r.op.ends_with("_grad")),
        fused_(r.out.size() == 2),
        epsilon_(r.attrs.number("epsilon", 1e-7)),
        n_(r.in[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)) {}

  void run(const RunArgs& args) const override {
    Sample<T> s{kind_,
                sparse_,
                gradient_,
                fused_,
                n_,
                LossBounds<T>(epsilon_),
                args.input<T>(0),
                sparse_ ? nullptr : args.input<T>(1),
                gradient_ ? args.input<T>(2) : nullptr,
                {args.in[1], label_dtype_},
                FaultSlot(args),
                args.output<T>(0),
                nullptr};
    if (!gradient_) s.loss = args.output<T>(fused_ ? 1 : 0);
    each_by_warp(args, rows_, s);
  }

 private:
  LossKind kind_;
  DType label_dtype_;
  bool sparse_, gradient_, fused_;
  double epsilon_;
  int64_t n_, rows_;
};

// max(x, 0) - x t + log(1 + exp(-|x|)) at the logit x.
template <class T>
struct BinaryElement {
  LossBounds<T> bounds;
  bool logits;
  const T *x, *t;
  T* out;
  __device__ void operator()(int64_t i) const {
    T v = x[i];
    if (!logits) v = std::log(bounds.clip(v) / (1 - bounds.clip(v)));
    const T positive = v > 0 ? v : v < 0 ? T(0) : v;
    out[i] = positive - v * t[i] + std::log1p(std::exp(-std::fabs(v)));
  }
};

template <class T>
class BinaryLoss : public Kernel {
 public:
  explicit BinaryLoss(const KernelRequest& r)
      : logits_(r.op == "binary_crossentropy_logits"),
        epsilon_(r.attrs.number("epsilon", 1e-7)),
        count_(r.out[0].shape.elements()) {}
  bool in_place(int, int) const override { return true; }
  void run(const RunArgs& args) const override {
    each(args, count_,
         BinaryElement<T>{LossBounds<T>(epsilon_), logits_, args.input<T>(0), args.input<T>(1),
                          args.output<T>(0)});
  }

 private:
  bool logits_;
  double epsilon_;
  int64_t count_;
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

const Candidate kLoss[] = {{"warps", make<Loss>}};
const Candidate kStep[] = {{"warps", make_loss_step}};
const Candidate kBinary[] = {{"elements", make<BinaryLoss>}};

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

}  // namespace kn::cuda
