// Cross-entropies over classes, dense and sparse, alone and fused with the softmax before them, and
// their gradients: a warp takes a sample. The formulas are in ops/loss.cc.
#include <cmath>
#include <limits>

#include "each.h"
#include "families.h"
#include "index_input.h"

namespace kn::cuda {

namespace {

enum class Kind { softmax, categorical, sparse, fused_categorical, fused_sparse, with_softmax };

Kind kind_of(std::string_view op) {
  if (op.starts_with("softmax_categorical")) return Kind::fused_categorical;
  if (op.starts_with("softmax_sparse")) return Kind::fused_sparse;
  if (op.starts_with("softmax_with")) return Kind::with_softmax;
  if (op.starts_with("categorical")) return Kind::categorical;
  return op.starts_with("sparse_categorical") ? Kind::sparse : Kind::softmax;
}

// The clip to [epsilon, 1 - epsilon].
template <class T>
struct Bounds {
  T low, high;
  explicit Bounds(double epsilon)
      : low(static_cast<T>(epsilon)), high(static_cast<T>(1) - static_cast<T>(epsilon)) {}
  __device__ T clip(T p) const { return p < low ? low : p > high ? high : p; }
  __device__ T inside(T p) const { return p >= low && p <= high ? T(1) : T(0); }
};

// One sample, as one lane sees it: the classes lane, lane + 32, …
template <class T>
struct Row {
  const T* x;  // predictions
  int64_t n;
  const T* target;  // nullptr where `label` speaks
  int64_t label;
  Bounds<T> bounds;
  int lane;

  __device__ T t(int64_t k) const { return target ? target[k] : k == label ? T(1) : T(0); }
  __device__ bool no_label() const { return !target && label < 0; }
  template <class F>
  __device__ T sum(F f) const {
    T s = 0;
    for (int64_t k = lane; k < n; k += kWarp) s += f(k);
    return join_lanes(s, Add());
  }
  __device__ T top() const {
    T m = -std::numeric_limits<T>::infinity();
    for (int64_t k = lane; k < n; k += kWarp) m = Larger()(m, x[k]);
    return join_lanes(m, Larger());
  }
};

template <class T>
__device__ T loss_of(Kind kind, const Row<T>& r) {
  const Bounds<T>& bounds = r.bounds;
  switch (kind) {
    case Kind::categorical: {
      const T s = r.sum([&](int64_t k) { return r.x[k]; });
      return -r.sum([&](int64_t k) { return r.t(k) * std::log(bounds.clip(r.x[k] / s)); });
    }
    case Kind::fused_categorical:
      return -r.sum([&](int64_t k) { return r.t(k) * std::log(bounds.clip(r.x[k])); });
    case Kind::sparse:
    case Kind::fused_sparse: {
      const T s = r.sum([&](int64_t k) { return bounds.clip(r.x[k]); });
      if (r.no_label()) return std::numeric_limits<T>::quiet_NaN();
      return std::log(s) - std::log(bounds.clip(r.x[r.label]));
    }
    default: {
      // sum(t (lse - x)), from differences with the top: large logits cancel there.
      const T top = r.top();
      const T lse = std::log(r.sum([&](int64_t k) { return std::exp(r.x[k] - top); }));
      const T all = r.sum([&](int64_t k) { return r.t(k) == 0 ? T(0) : r.t(k) * (r.x[k] - top); });
      const T weight = r.sum([&](int64_t k) { return r.t(k); });
      if (r.no_label()) return std::numeric_limits<T>::quiet_NaN();
      return lse * weight - all;
    }
  }
}

// d loss / d x[k], times g; of the logits where x are the probabilities of a fused kind.
template <class T>
__device__ void gradient_of(Kind kind, const Row<T>& r, T g, T* dx) {
  const Bounds<T>& bounds = r.bounds;
  const auto put = [&](auto f) {
    for (int64_t k = r.lane; k < r.n; k += kWarp) dx[k] = r.no_label() ? T(0) : f(k);
  };
  switch (kind) {
    case Kind::categorical: {
      const T s = r.sum([&](int64_t k) { return r.x[k]; });
      const auto kept = [&](int64_t k) { return bounds.inside(r.x[k] / s) * r.t(k); };
      const T all = r.sum(kept);
      return put([&](int64_t k) { return (all - kept(k) / bounds.clip(r.x[k] / s)) * g / s; });
    }
    case Kind::fused_categorical: {
      const auto kept = [&](int64_t k) { return bounds.inside(r.x[k]) * r.t(k); };
      const T all = r.sum(kept);
      return put([&](int64_t k) { return (r.x[k] * all - kept(k)) * g; });
    }
    case Kind::sparse: {
      const T s = r.sum([&](int64_t k) { return bounds.clip(r.x[k]); });
      return put([&](int64_t k) {
        return bounds.inside(r.x[k]) * (1 / s - r.t(k) / bounds.clip(r.x[k])) * g;
      });
    }
    case Kind::fused_sparse: {
      const T s = r.sum([&](int64_t k) { return bounds.clip(r.x[k]); });
      const T kept = r.sum([&](int64_t k) { return bounds.inside(r.x[k]) * r.x[k]; });
      const T hit = r.no_label() ? T(0) : bounds.inside(r.x[r.label]);
      return put([&](int64_t k) {
        return (r.x[k] * (bounds.inside(r.x[k]) / s - kept / s + hit) - hit * r.t(k)) * g;
      });
    }
    default: {
      const T top = r.top();
      const T share = 1 / r.sum([&](int64_t k) { return std::exp(r.x[k] - top); });
      const T all = r.sum([&](int64_t k) { return r.t(k); });
      return put([&](int64_t k) { return (std::exp(r.x[k] - top) * share * all - r.t(k)) * g; });
    }
  }
}

template <class T>
struct Sample {
  Kind kind;
  bool sparse, gradient, fused;  // fused: probabilities and loss from logits
  int64_t n;
  Bounds<T> bounds;
  const T *x, *targets, *g;
  IndexInput labels;
  FaultSlot fault;
  T *out, *loss;

  __device__ void operator()(int64_t i, int lane) const {
    Row<T> row{x + i * n, n, nullptr, -1, bounds, lane};
    if (sparse) row.label = labels.label(i, n, fault);
    else row.target = targets + i * n;
    if (gradient) return gradient_of(kind, row, g[i], out + i * n);
    T value = 0;
    if (!fused || kind == Kind::with_softmax) value = loss_of(kind, row);
    if (fused) {
      T* p = out + i * n;
      const T top = row.top();
      const T share = 1 / row.sum([&](int64_t k) { return std::exp(row.x[k] - top); });
      for (int64_t k = lane; k < n; k += kWarp) p[k] = std::exp(row.x[k] - top) * share;
      __syncwarp();
      row.x = p;
      if (kind != Kind::with_softmax) value = loss_of(kind, row);
    }
    if (lane == 0) loss[i] = value;
  }
};

template <class T>
class Loss : public Kernel {
 public:
  explicit Loss(const KernelRequest& r)
      : kind_(kind_of(r.op)),
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
                Bounds<T>(epsilon_),
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
  Kind kind_;
  DType label_dtype_;
  bool sparse_, gradient_, fused_;
  double epsilon_;
  int64_t n_, rows_;
};

// max(x, 0) - x t + log(1 + exp(-|x|)) at the logit x.
template <class T>
struct BinaryElement {
  Bounds<T> bounds;
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
         BinaryElement<T>{Bounds<T>(epsilon_), logits_, args.input<T>(0), args.input<T>(1),
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
};

}  // namespace

std::span<const OpKernels> loss_kernels() { return kKernels; }

}  // namespace kn::cuda
