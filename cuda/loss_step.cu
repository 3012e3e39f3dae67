// Softmax, loss, gradient to the logits and hits of a batch in one launch: a warp takes a sample.
// The probabilities pass through the memory of the gradient where nobody else wants them.
#include "loss_step.h"

#include "extreme.h"
#include "index_input.h"
#include "loss_row.h"

namespace kn::cuda {

namespace {

template <class T>
struct StepOfSample {
  LossKind kind, gradient;
  bool sparse;
  int64_t n;
  LossBounds<T> bounds;
  const T *x, *targets, *weights;  // (rows, n), (rows, n) or nullptr, (rows) or nullptr
  IndexInput labels;
  FaultSlot fault;
  T scale;
  T *dx, *loss, *hits, *kept;  // (rows, n), (rows), (rows) or nullptr, (rows, n) or nullptr

  __device__ void operator()(int64_t i, int lane) const {
    LossRow<T> row{x + i * n, n, nullptr, -1, bounds, lane};
    if (sparse) row.label = labels.label(i, n, fault);
    else row.target = targets + i * n;
    T* d = dx + i * n;
    T* p = kept ? kept + i * n : d;
    T value = 0;
    if (kind == LossKind::with_softmax) value = loss_of(kind, row);
    softmax_of(row, p);
    row.x = p;
    if (kind != LossKind::with_softmax) value = loss_of(kind, row);
    if (lane == 0) loss[i] = value;
    if (hits) {
      const int64_t want = sparse ? row.label : find_extreme(row.target, n, 1, true, lane);
      const int64_t found = find_extreme(p, n, 1, true, lane);
      if (lane == 0) hits[i] = found == want ? T(1) : T(0);
    }
    gradient_of(gradient, row, weights ? scale * weights[i] : scale, d);
  }
};

template <class T>
class LossStep : public Kernel {
 public:
  explicit LossStep(const KernelRequest& r)
      : kind_(loss_kind(r.op)),
        label_dtype_(r.in[1].dtype),
        sparse_(r.op.find("sparse") != std::string_view::npos),
        weighted_(r.in.size() == 3),
        hits_(r.attrs.flag("hits", false)),
        keep_(r.attrs.flag("keep", false)),
        epsilon_(r.attrs.number("epsilon", 1e-7)),
        scale_(static_cast<T>(r.attrs.number("scale", 1))),
        n_(r.in[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)) {}
  // A lane reads its classes of a row before it writes them.
  bool in_place(int output, int input) const override { return output == 0 && input == 0; }

  void run(const RunArgs& args) const override {
    each_by_warp(args, rows_,
                 StepOfSample<T>{kind_,
                                 sparse_ ? LossKind::fused_sparse : LossKind::fused_categorical,
                                 sparse_,
                                 n_,
                                 LossBounds<T>(epsilon_),
                                 args.input<T>(0),
                                 sparse_ ? nullptr : args.input<T>(1),
                                 weighted_ ? args.input<T>(2) : nullptr,
                                 {args.in[1], label_dtype_},
                                 FaultSlot(args),
                                 scale_,
                                 args.output<T>(0),
                                 args.output<T>(1),
                                 hits_ ? args.output<T>(2) : nullptr,
                                 keep_ ? args.output<T>(hits_ ? 3 : 2) : nullptr});
  }

 private:
  LossKind kind_;
  DType label_dtype_;
  bool sparse_, weighted_, hits_, keep_;
  double epsilon_;
  T scale_;
  int64_t n_, rows_;
};

}  // namespace

std::unique_ptr<Kernel> make_loss_step(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].shape.back() == 0) {
    refusal = "no classes";
    return nullptr;
  }
  if (r.in[0].dtype == DType::f64) return std::make_unique<LossStep<double>>(r);
  return std::make_unique<LossStep<float>>(r);
}

}  // namespace kn::cuda
