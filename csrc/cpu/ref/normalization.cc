#include "cpu/ref/normalization.h"

#include <cmath>

namespace kn::cpu {

ChannelLayout::ChannelLayout(const KernelRequest& r)
    : epsilon(r.attrs.number("epsilon", 0.0)),
      scale(r.attrs.flag("scale", true)),
      center(r.attrs.flag("center", true)) {
  const Shape& x = r.in[0].shape;
  const int axis = normalize_axis(r.attrs.integer("axis", -1), x.rank(), r.op);
  outer = x.elements(0, axis);
  channels = x[axis];
  inner = x.elements(axis + 1, x.rank());
}

namespace ref {

namespace {

template <class T>
class ChannelKernel : public Kernel {
 public:
  explicit ChannelKernel(const KernelRequest& r) : layout(r) {}

 protected:
  // Calls f(index into x) for every element of channel c.
  template <class F>
  void each(int64_t c, F&& f) const {
    for (int64_t o = 0; o < layout.outer; ++o)
      for (int64_t i = 0; i < layout.inner; ++i) f((o * layout.channels + c) * layout.inner + i);
  }
  static T narrow(double x) { return static_cast<T>(x); }

  const ChannelLayout layout;
};

template <class T>
class Train : public ChannelKernel<T> {
 public:
  using ChannelKernel<T>::ChannelKernel;
  bool in_place(int output, int input) const override { return output == 0 && input == 0; }

  void run(const RunArgs& args) const override {
    const ChannelLayout& l = this->layout;
    const T* x = args.input<T>(0);
    const double n = static_cast<double>(l.per_channel());
    for (int64_t c = 0; c < l.channels; ++c) {
      double mean = 0, square = 0;
      this->each(c, [&](int64_t i) { mean += x[i]; });
      mean /= n;
      this->each(c, [&](int64_t i) { square += (x[i] - mean) * (x[i] - mean); });
      const double variance = square / n, inv_std = 1 / std::sqrt(variance + l.epsilon);
      const double gamma = l.scale ? args.input<T>(1)[c] : 1;
      const double beta = l.center ? args.input<T>(l.scale ? 2 : 1)[c] : 0;
      this->each(c, [&](int64_t i) {
        args.output<T>(0)[i] = this->narrow((x[i] - mean) * inv_std * gamma + beta);
      });
      args.output<T>(1)[c] = this->narrow(mean);
      args.output<T>(2)[c] = this->narrow(variance);
      args.output<T>(3)[c] = this->narrow(inv_std);
    }
  }
};

template <class T>
class Infer : public ChannelKernel<T> {
 public:
  using ChannelKernel<T>::ChannelKernel;
  bool in_place(int output, int input) const override { return output == 0 && input == 0; }

  void run(const RunArgs& args) const override {
    const ChannelLayout& l = this->layout;
    const T* x = args.input<T>(0);
    for (int64_t c = 0; c < l.channels; ++c) {
      const double mean = args.input<T>(1)[c];
      const double inv_std = 1 / std::sqrt(args.input<T>(2)[c] + l.epsilon);
      const double gamma = l.scale ? args.input<T>(3)[c] : 1;
      const double beta = l.center ? args.input<T>(l.scale ? 4 : 3)[c] : 0;
      this->each(c, [&](int64_t i) {
        args.output<T>(0)[i] = this->narrow((x[i] - mean) * inv_std * gamma + beta);
      });
    }
  }
};

template <class T>
class Grad : public ChannelKernel<T> {
 public:
  using ChannelKernel<T>::ChannelKernel;
  bool in_place(int output, int input) const override { return output == 0 && input <= 1; }

  void run(const RunArgs& args) const override {
    const ChannelLayout& l = this->layout;
    const T *x = args.input<T>(0), *dy = args.input<T>(1);
    const double n = static_cast<double>(l.per_channel());
    for (int64_t c = 0; c < l.channels; ++c) {
      const double mean = args.input<T>(2)[c], inv_std = args.input<T>(3)[c];
      const double gamma = l.scale ? args.input<T>(4)[c] : 1;
      double d_gamma = 0, d_beta = 0;
      this->each(c, [&](int64_t i) {
        d_beta += dy[i];
        d_gamma += dy[i] * (x[i] - mean) * inv_std;
      });
      this->each(c, [&](int64_t i) {
        const double normalized = (x[i] - mean) * inv_std;
        args.output<T>(0)[i] =
            this->narrow(gamma * inv_std * (dy[i] - d_beta / n - normalized * d_gamma / n));
      });
      args.output<T>(1)[c] = this->narrow(d_gamma);
      args.output<T>(2)[c] = this->narrow(d_beta);
    }
  }
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<K<double>>(r);
  return std::make_unique<K<float>>(r);
}

}  // namespace

std::unique_ptr<Kernel> make_batch_norm_train(const KernelRequest& r, std::string&) {
  return make<Train>(r);
}
std::unique_ptr<Kernel> make_batch_norm_infer(const KernelRequest& r, std::string&) {
  return make<Infer>(r);
}
std::unique_ptr<Kernel> make_batch_norm_grad(const KernelRequest& r, std::string&) {
  return make<Grad>(r);
}

}  // namespace ref
}  // namespace kn::cpu
