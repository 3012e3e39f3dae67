#include "cpu/ref/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kn::cpu::ref {

namespace {

// x (outer, n, inner): runs of n elements that are `inner` apart.
struct Line {
  int64_t outer, n, inner;
  explicit Line(const KernelRequest& r) {
    const Shape& s = r.in[0].shape;
    const int axis = normalize_axis(r.attrs.integer("axis", -1), s.rank(), r.op);
    outer = s.elements(0, axis), n = s[axis], inner = s.elements(axis + 1, s.rank());
  }
  template <class F>
  void each(F&& f) const {
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) f(o * n * inner + i);
  }
};

template <class F>
void with_float(DType t, F&& f) {
  if (t == DType::f64) f(double{});
  else f(float{});
}

class Softmax : public Kernel {
 public:
  explicit Softmax(const KernelRequest& r)
      : line_(r), dtype_(r.in[0].dtype), log_(r.op == "log_softmax") {}
  bool in_place(int, int) const override { return true; }
  void run(const RunArgs& args) const override {
    with_float(dtype_, [&](auto zero) {
      using T = decltype(zero);
      line_.each([&](int64_t at) { go(args.input<T>(0) + at, args.output<T>(0) + at); });
    });
  }

 private:
  template <class T>
  void go(const T* x, T* y) const {
    const int64_t step = line_.inner, end = line_.n * step;
    double top = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t k = 0; k < end; k += step) top = std::max<double>(top, x[k]);
    for (int64_t k = 0; k < end; k += step) sum += std::exp(x[k] - top);
    for (int64_t k = 0; k < end; k += step)
      y[k] = static_cast<T>(log_ ? x[k] - top - std::log(sum) : std::exp(x[k] - top) / sum);
  }

  Line line_;
  DType dtype_;
  bool log_;
};

class SoftmaxGrad : public Kernel {
 public:
  explicit SoftmaxGrad(const KernelRequest& r)
      : line_(r), dtype_(r.in[0].dtype), log_(r.op == "log_softmax_grad") {}
  bool in_place(int, int) const override { return true; }
  void run(const RunArgs& args) const override {
    with_float(dtype_, [&](auto zero) {
      using T = decltype(zero);
      line_.each([&](int64_t at) {
        go(args.input<T>(0) + at, args.input<T>(1) + at, args.output<T>(0) + at);
      });
    });
  }

 private:
  template <class T>
  void go(const T* y, const T* g, T* dx) const {
    const int64_t step = line_.inner, end = line_.n * step;
    double sum = 0;
    for (int64_t k = 0; k < end; k += step) sum += log_ ? g[k] : double{g[k]} * y[k];
    for (int64_t k = 0; k < end; k += step)
      dx[k] = static_cast<T>(log_ ? g[k] - std::exp(double{y[k]}) * sum : y[k] * (g[k] - sum));
  }

  Line line_;
  DType dtype_;
  bool log_;
};

}  // namespace

std::unique_ptr<Kernel> make_softmax(const KernelRequest& r, std::string&) {
  return std::make_unique<Softmax>(r);
}
std::unique_ptr<Kernel> make_softmax_grad(const KernelRequest& r, std::string&) {
  return std::make_unique<SoftmaxGrad>(r);
}

}  // namespace kn::cpu::ref
