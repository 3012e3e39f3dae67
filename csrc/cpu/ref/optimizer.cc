#include "cpu/ref/optimizer.h"

#include <algorithm>
#include <cmath>

#include "cpu/update_kernel.h"

namespace kn::cpu::ref {

namespace {

// New parameter from parameter p, gradient g and slots s (overwritten); k are the rule's scalars.
double updated(UpdateKind kind, double p, double g, double* s, const double* k, double epsilon) {
  switch (kind) {
    case UpdateKind::sgd: return p - k[0] * g;
    case UpdateKind::momentum: s[0] = k[1] * s[0] - k[0] * g; return p + s[0];
    case UpdateKind::nesterov: s[0] = k[1] * s[0] - k[0] * g; return p + k[1] * s[0] - k[0] * g;
    case UpdateKind::rmsprop:
      s[0] = k[1] * s[0] + (1 - k[1]) * g * g;
      return p - k[0] * g / (std::sqrt(s[0]) + epsilon);
    case UpdateKind::adagrad: s[0] += g * g; return p - k[0] * g / (std::sqrt(s[0]) + epsilon);
    case UpdateKind::adadelta: {
      s[0] = k[1] * s[0] + (1 - k[1]) * g * g;
      const double u = g * std::sqrt(s[1] + epsilon) / std::sqrt(s[0] + epsilon);
      s[1] = k[1] * s[1] + (1 - k[1]) * u * u;
      return p - k[0] * u;
    }
    case UpdateKind::adam:
    case UpdateKind::amsgrad: {
      s[0] = k[1] * s[0] + (1 - k[1]) * g;
      s[1] = k[2] * s[1] + (1 - k[2]) * g * g;
      double square = s[1];
      if (kind == UpdateKind::amsgrad) square = s[2] = std::max(s[2], s[1]);
      return p - k[0] * s[0] / (std::sqrt(square) + epsilon);
    }
    case UpdateKind::adamax:
      s[0] = k[1] * s[0] + (1 - k[1]) * g;
      s[1] = std::max(k[2] * s[1], std::abs(g));
      return p - k[0] * s[0] / (s[1] + epsilon);
    case UpdateKind::nadam:
      s[0] = k[3] * s[0] + (1 - k[3]) * g;
      s[1] = k[4] * s[1] + (1 - k[4]) * g * g;
      return p - (k[0] * g + k[1] * s[0]) / (std::sqrt(k[2] * s[1]) + epsilon);
  }
  return p;
}

template <class T>
class Update : public UpdateKernel {
 public:
  using UpdateKernel::UpdateKernel;

  void run(const RunArgs& args) const override {
    double scalars[kMaxUpdateScalars];
    for (int k = 0; k < rule().scalars; ++k) scalars[k] = *args.input<T>(scalar_input(k));
    for (int i = 0; i < count(); ++i) {
      for (int64_t e = 0; e < size(i); ++e) {
        double slots[kMaxUpdateSlots];
        for (int k = 0; k < rule().slots; ++k) slots[k] = args.input<T>(slot_input(k, i))[e];
        const double p = updated(rule().kind, args.input<T>(i)[e],
                                 args.input<T>(gradient_input(i))[e], slots, scalars, epsilon());
        args.output<T>(i)[e] = static_cast<T>(p);
        for (int k = 0; k < rule().slots; ++k)
          args.output<T>(slot_output(k, i))[e] = static_cast<T>(slots[k]);
      }
    }
  }
};

template <class T>
class SparseUpdate : public Kernel {
 public:
  explicit SparseUpdate(const KernelRequest& r)
      : rule_(*find_sparse_update_rule(r.op)),
        index_type_(r.in[1].dtype),
        entries_(r.in[1].shape.elements()),
        rows_(r.in[0].shape[0]),
        width_(r.in[0].shape.elements(1, r.in[0].shape.rank())),
        epsilon_(r.attrs.number("epsilon", 0.0)) {}

  void run(const RunArgs& args) const override {
    double scalars[kMaxUpdateScalars];
    for (int k = 0; k < rule_.scalars; ++k) scalars[k] = *args.input<T>(3 + rule_.slots + k);
    for (int64_t e = 0; e < rows_ * width_; ++e) {
      double slots[kMaxUpdateSlots];
      for (int k = 0; k < rule_.slots; ++k) slots[k] = args.input<T>(3 + k)[e];
      const double p =
          updated(rule_.kind, args.input<T>(0)[e], gradient(args, e), slots, scalars, epsilon_);
      args.output<T>(0)[e] = static_cast<T>(p);
      for (int k = 0; k < rule_.slots; ++k) args.output<T>(1 + k)[e] = static_cast<T>(slots[k]);
    }
  }

 private:
  double gradient(const RunArgs& args, int64_t e) const {
    double sum = 0;
    for (int64_t i = 0; i < entries_; ++i)
      if (index(args, i) == e / width_) sum += args.input<T>(2)[i * width_ + e % width_];
    return sum;
  }
  int64_t index(const RunArgs& args, int64_t i) const {
    if (index_type_ == DType::u8) return args.input<uint8_t>(1)[i];
    return index_type_ == DType::i32 ? args.input<int32_t>(1)[i] : args.input<int64_t>(1)[i];
  }

  const UpdateRule& rule_;
  DType index_type_;
  int64_t entries_, rows_, width_;
  double epsilon_;
};

}  // namespace

std::unique_ptr<Kernel> make_update(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<Update<float>>(r);
  if (r.in[0].dtype == DType::f64) return std::make_unique<Update<double>>(r);
  refusal = "computes float32 and float64";
  return nullptr;
}

std::unique_ptr<Kernel> make_sparse_update(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<SparseUpdate<float>>(r);
  if (r.in[0].dtype == DType::f64) return std::make_unique<SparseUpdate<double>>(r);
  refusal = "computes float32 and float64";
  return nullptr;
}

}  // namespace kn::cpu::ref
