#include "cpu/ref/loss.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/labels.h"

namespace kn::cpu::ref {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The clip to [low, high]; both are rounded to T as the formula's constants are.
struct Bounds {
  double low, high;
  template <class T>
  static Bounds of(double epsilon) {
    const T e = static_cast<T>(epsilon);
    return {e, static_cast<T>(1) - e};
  }
  double clip(double p) const { return p < low ? low : p > high ? high : p; }
  bool inside(double p) const { return p >= low && p <= high; }
};

// One sample: n predictions, the target's probability per class, and what it adds up to.
template <class T>
struct Row {
  const T* x;
  int64_t n;
  const T* target;  // nullptr where `label` speaks
  int64_t label;
  Bounds bounds;

  double t(int64_t k) const { return target ? double{target[k]} : k == label ? 1.0 : 0.0; }
  double t_sum() const {
    return sum([&](int64_t k) { return t(k); });
  }
  template <class F>
  double sum(F&& f) const {
    double s = 0;
    for (int64_t k = 0; k < n; ++k) s += f(k);
    return s;
  }
  double log_sum_exp() const {
    double top = -std::numeric_limits<double>::infinity();
    for (int64_t k = 0; k < n; ++k) top = std::max<double>(top, x[k]);
    return top + std::log(sum([&](int64_t k) { return std::exp(x[k] - top); }));
  }
  double clip_sum() const {
    return sum([&](int64_t k) { return bounds.clip(x[k]); });
  }
};

enum class Kind { softmax, categorical, sparse, fused_categorical, fused_sparse, with_softmax };

Kind kind_of(std::string_view op) {
  if (op.starts_with("softmax_categorical")) return Kind::fused_categorical;
  if (op.starts_with("softmax_sparse")) return Kind::fused_sparse;
  if (op.starts_with("softmax_with")) return Kind::with_softmax;
  if (op.starts_with("categorical")) return Kind::categorical;
  return op.starts_with("sparse_categorical") ? Kind::sparse : Kind::softmax;
}

template <class T>
double loss_of(Kind kind, const Row<T>& r) {
  const auto log_clip = [&](double p) { return std::log(r.bounds.clip(p)); };
  if (!r.target && r.label < 0) return kNaN;
  switch (kind) {
    case Kind::categorical: {
      const double s = r.sum([&](int64_t k) { return r.x[k]; });
      return -r.sum([&](int64_t k) { return r.t(k) * log_clip(r.x[k] / s); });
    }
    case Kind::fused_categorical:
      return -r.sum([&](int64_t k) { return r.t(k) * log_clip(r.x[k]); });
    case Kind::sparse:
    case Kind::fused_sparse: return std::log(r.clip_sum()) - log_clip(r.x[r.label]);
    default: return r.log_sum_exp() * r.t_sum() - r.sum([&](int64_t k) { return r.t(k) * r.x[k]; });
  }
}

// d loss / d x[k] for all k (x are probabilities, and the gradient is that of the logits, for the
// fused kinds), times g.
template <class T>
void gradient_of(Kind kind, const Row<T>& r, double g, T* dx) {
  const auto inside = [&](double p) { return r.bounds.inside(p) ? 1.0 : 0.0; };
  const auto put = [&](auto&& f) {
    for (int64_t k = 0; k < r.n; ++k) dx[k] = static_cast<T>(f(k));
  };
  if (!r.target && r.label < 0) return put([](int64_t) { return 0.0; });
  switch (kind) {
    case Kind::categorical: {
      const double s = r.sum([&](int64_t k) { return r.x[k]; });
      const auto kept = [&](int64_t k) { return inside(r.x[k] / s) * r.t(k); };
      const double all = r.sum(kept);
      return put([&](int64_t k) { return (all - kept(k) / r.bounds.clip(r.x[k] / s)) * g / s; });
    }
    case Kind::fused_categorical: {
      const auto kept = [&](int64_t k) { return inside(r.x[k]) * r.t(k); };
      const double all = r.sum(kept);
      return put([&](int64_t k) { return (r.x[k] * all - kept(k)) * g; });
    }
    case Kind::sparse: {
      const double s = r.clip_sum();
      return put(
          [&](int64_t k) { return inside(r.x[k]) * (1 / s - r.t(k) / r.bounds.clip(r.x[k])) * g; });
    }
    case Kind::fused_sparse: {
      const double s = r.clip_sum(), hit = inside(r.x[r.label]);
      const double kept = r.sum([&](int64_t k) { return inside(r.x[k]) * r.x[k]; });
      return put([&](int64_t k) {
        return (r.x[k] * (inside(r.x[k]) / s - kept / s + hit) - hit * r.t(k)) * g;
      });
    }
    default: {
      const double lse = r.log_sum_exp(), all = r.t_sum();
      return put([&](int64_t k) { return (std::exp(r.x[k] - lse) * all - r.t(k)) * g; });
    }
  }
}

class Loss : public Kernel {
 public:
  explicit Loss(const KernelRequest& r)
      : kind_(kind_of(r.op)),
        dtype_(r.in[0].dtype),
        label_dtype_(r.in[1].dtype),
        sparse_(r.op.find("sparse") != std::string_view::npos),
        gradient_(r.op.ends_with("_grad")),
        fused_(r.out.size() == 2),
        epsilon_(r.attrs.number("epsilon", 1e-7)),
        n_(r.in[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)) {}

  void run(const RunArgs& args) const override {
    if (dtype_ == DType::f64) run_as<double>(args);
    else run_as<float>(args);
  }

 private:
  template <class T>
  void run_as(const RunArgs& args) const {
    for (int64_t i = 0; i < rows_; ++i) {
      Row<T> row{args.input<T>(0) + i * n_, n_, nullptr, -1, Bounds::of<T>(epsilon_)};
      if (sparse_) read_classes(args.in[1], label_dtype_, i, 1, n_, &row.label, args.fault);
      else row.target = args.input<T>(1) + i * n_;
      if (gradient_) {
        gradient_of(kind_, row, args.input<T>(2)[i], args.output<T>(0) + i * n_);
        continue;
      }
      if (fused_) {
        T* p = args.output<T>(0) + i * n_;
        const double lse = row.log_sum_exp(), loss = loss_of(kind_, row);
        for (int64_t k = 0; k < n_; ++k) p[k] = static_cast<T>(std::exp(row.x[k] - lse));
        row.x = p;
        args.output<T>(1)[i] =
            static_cast<T>(kind_ == Kind::with_softmax ? loss : loss_of(kind_, row));
        continue;
      }
      args.output<T>(0)[i] = static_cast<T>(loss_of(kind_, row));
    }
  }

  Kind kind_;
  DType dtype_, label_dtype_;
  bool sparse_, gradient_, fused_;
  double epsilon_;
  int64_t n_, rows_;
};

// The first of equal ones; the first NaN where there is one.
template <class F>
int64_t first_largest(int64_t n, F&& at) {
  int64_t best = 0;
  for (int64_t k = 1; k < n; ++k)
    if (at(best) == at(best) && (at(k) > at(best) || at(k) != at(k))) best = k;
  return best;
}

class LossStep : public Kernel {
 public:
  explicit LossStep(const KernelRequest& r)
      : kind_(kind_of(r.op)),
        dtype_(r.in[0].dtype),
        label_dtype_(r.in[1].dtype),
        sparse_(r.op.find("sparse") != std::string_view::npos),
        weighted_(r.in.size() == 3),
        hits_(r.attrs.flag("hits", false)),
        keep_(r.attrs.flag("keep", false)),
        epsilon_(r.attrs.number("epsilon", 1e-7)),
        scale_(r.attrs.number("scale", 1)),
        n_(r.in[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)) {}

  void run(const RunArgs& args) const override {
    if (dtype_ == DType::f64) run_as<double>(args);
    else run_as<float>(args);
  }

 private:
  template <class T>
  void run_as(const RunArgs& args) const {
    const Kind gradient = sparse_ ? Kind::fused_sparse : Kind::fused_categorical;
    for (int64_t i = 0; i < rows_; ++i) {
      Row<T> row{args.input<T>(0) + i * n_, n_, nullptr, -1, Bounds::of<T>(epsilon_)};
      if (sparse_) read_classes(args.in[1], label_dtype_, i, 1, n_, &row.label, args.fault);
      else row.target = args.input<T>(1) + i * n_;
      T* dx = args.output<T>(0) + i * n_;
      T* p = keep_ ? args.output<T>(hits_ ? 3 : 2) + i * n_ : dx;
      const double lse = row.log_sum_exp();
      const double from_logits = kind_ == Kind::with_softmax ? loss_of(kind_, row) : 0;
      for (int64_t k = 0; k < n_; ++k) p[k] = static_cast<T>(std::exp(row.x[k] - lse));
      row.x = p;
      args.output<T>(1)[i] =
          static_cast<T>(kind_ == Kind::with_softmax ? from_logits : loss_of(kind_, row));
      if (hits_) {
        const int64_t want =
            sparse_ ? row.label : first_largest(n_, [&](int64_t k) { return row.t(k); });
        args.output<T>(2)[i] = first_largest(n_, [&](int64_t k) { return p[k]; }) == want ? 1 : 0;
      }
      const auto scale = static_cast<T>(scale_);
      gradient_of(gradient, row, weighted_ ? scale * args.input<T>(2)[i] : scale, dx);
    }
  }

  Kind kind_;
  DType dtype_, label_dtype_;
  bool sparse_, weighted_, hits_, keep_;
  double epsilon_, scale_;
  int64_t n_, rows_;
};

class BinaryLoss : public Kernel {
 public:
  explicit BinaryLoss(const KernelRequest& r)
      : dtype_(r.in[0].dtype),
        logits_(r.op == "binary_crossentropy_logits"),
        epsilon_(r.attrs.number("epsilon", 1e-7)),
        n_(r.out[0].shape.elements()) {}
  bool in_place(int, int) const override { return true; }
  void run(const RunArgs& args) const override {
    if (dtype_ == DType::f64) run_as<double>(args);
    else run_as<float>(args);
  }

 private:
  template <class T>
  void run_as(const RunArgs& args) const {
    const Bounds bounds = Bounds::of<T>(epsilon_);
    for (int64_t i = 0; i < n_; ++i) {
      double x = args.input<T>(0)[i];
      const double t = args.input<T>(1)[i];
      if (!logits_) x = std::log(bounds.clip(x) / (1 - bounds.clip(x)));
      args.output<T>(0)[i] = static_cast<T>((x > 0   ? x
                                             : x < 0 ? 0
                                                     : x) -
                                            x * t + std::log1p(std::exp(-std::abs(x))));
    }
  }

  DType dtype_;
  bool logits_;
  double epsilon_;
  int64_t n_;
};

}  // namespace

std::unique_ptr<Kernel> make_loss(const KernelRequest& r, std::string&) {
  return std::make_unique<Loss>(r);
}
std::unique_ptr<Kernel> make_loss_step(const KernelRequest& r, std::string&) {
  return std::make_unique<LossStep>(r);
}
std::unique_ptr<Kernel> make_binary_loss(const KernelRequest& r, std::string&) {
  return std::make_unique<BinaryLoss>(r);
}

}  // namespace kn::cpu::ref
