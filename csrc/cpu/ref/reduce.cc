#include "cpu/ref/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "cpu/axis_walk.h"

namespace kn::cpu::ref {

namespace {

template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

template <class T>
struct Elements {
  const T* x;
  const AxisWalk& over;
  int64_t count() const { return over.count(); }
  T operator[](int64_t i) const { return x[over.offset(i)]; }
};

template <class T>
Wide<T> total(const Elements<T>& x) {
  Wide<T> sum = 0;
  for (int64_t i = 0; i < x.count(); ++i) sum += static_cast<Wide<T>>(x[i]);
  return sum;
}

template <class T>
T mean(const Elements<T>& x) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(total(x) / static_cast<double>(x.count()));
  else return x.count() ? static_cast<T>(static_cast<int64_t>(total(x)) / x.count()) : T{};
}

template <class T>
T product(const Elements<T>& x) {
  Wide<T> y = 1;
  for (int64_t i = 0; i < x.count(); ++i) y *= static_cast<Wide<T>>(x[i]);
  return static_cast<T>(y);
}

// The largest (sign 1) or smallest (-1) element; NaN where there is one.
template <class T>
T extreme(const Elements<T>& x, int sign) {
  using Limits = std::numeric_limits<T>;
  T best = sign > 0 ? Limits::lowest() : Limits::max();
  if constexpr (Limits::has_infinity) best = sign > 0 ? -Limits::infinity() : Limits::infinity();
  for (int64_t i = 0; i < x.count(); ++i) {
    const T v = x[i];
    if ((sign > 0 ? v > best : v < best) || v != v) best = v;
  }
  return best;
}

template <class T>
double variance(const Elements<T>& x) {
  const double n = static_cast<double>(x.count()), mean = static_cast<double>(total(x)) / n;
  double sum = 0;
  for (int64_t i = 0; i < x.count(); ++i) sum += (x[i] - mean) * (x[i] - mean);
  return sum / n;
}

template <class T>
double logsumexp(const Elements<T>& x) {
  double top = static_cast<double>(extreme(x, 1));
  if (std::isinf(top)) top = 0;
  double sum = 0;
  for (int64_t i = 0; i < x.count(); ++i) sum += std::exp(x[i] - top);
  return std::log(sum) + top;
}

enum class Kind { sum, mean, max, min, prod, var, std, logsumexp };

Kind kind_of(std::string_view op) {
  if (op == "mean") return Kind::mean;
  if (op == "max" || op == "any") return Kind::max;
  if (op == "min" || op == "all") return Kind::min;
  if (op == "prod") return Kind::prod;
  if (op == "var") return Kind::var;
  if (op == "std") return Kind::std;
  if (op == "logsumexp") return Kind::logsumexp;
  return Kind::sum;
}

template <class T>
T reduce_one(Kind kind, const Elements<T>& x) {
  switch (kind) {
    case Kind::mean: return mean(x);
    case Kind::max: return extreme(x, 1);
    case Kind::min: return extreme(x, -1);
    case Kind::prod: return product(x);
    case Kind::var: return static_cast<T>(variance(x));
    case Kind::std: return static_cast<T>(std::sqrt(variance(x)));
    case Kind::logsumexp: return static_cast<T>(logsumexp(x));
    default: return static_cast<T>(total(x));
  }
}

class Reduce : public Kernel {
 public:
  Reduce(const KernelRequest& r, const AxisSet& axes)
      : kind_(kind_of(r.op)),
        dtype_(r.in[0].dtype),
        kept_(r.in[0].shape, axes, false),
        over_(r.in[0].shape, axes, true) {}
  void run(const RunArgs& args) const override {
    dispatch(dtype_, [&](auto zero) {
      using T = decltype(zero);
      for (int64_t i = 0; i < kept_.count(); ++i)
        args.output<T>(0)[i] = reduce_one<T>(kind_, {args.input<T>(0) + kept_.offset(i), over_});
    });
  }

 private:
  Kind kind_;
  DType dtype_;
  AxisWalk kept_, over_;
};

// x (outer, n, inner), one run of n elements after the other.
struct Line {
  int64_t outer, n, inner;
  Line(const Shape& s, int axis)
      : outer(s.elements(0, axis)), n(s[axis]), inner(s.elements(axis + 1, s.rank())) {}
  template <class F>
  void each(F&& f) const {
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) f(o * n * inner + i, o * inner + i);
  }
};

Line line_of(const KernelRequest& r) {
  const Shape& s = r.in[0].shape;
  return {s, normalize_axis(r.attrs.integer("axis"), s.rank(), r.op)};
}

class Position : public Kernel {
 public:
  explicit Position(const KernelRequest& r)
      : line_(line_of(r)), dtype_(r.in[0].dtype), largest_(r.op == "argmax") {}
  void run(const RunArgs& args) const override {
    dispatch(dtype_, [&](auto zero) {
      using T = decltype(zero);
      line_.each([&](int64_t from, int64_t to) {
        args.output<int64_t>(0)[to] = find(args.input<T>(0) + from);
      });
    });
  }

 private:
  // The first of equal ones; the first NaN where there is one.
  template <class T>
  int64_t find(const T* x) const {
    int64_t best = 0;
    for (int64_t k = 1; k < line_.n; ++k) {
      const T v = x[k * line_.inner], b = x[best * line_.inner];
      if (b == b && ((largest_ ? v > b : v < b) || v != v)) best = k;
    }
    return best;
  }

  Line line_;
  DType dtype_;
  bool largest_;
};

class Running : public Kernel {
 public:
  explicit Running(const KernelRequest& r)
      : line_(line_of(r)),
        dtype_(r.in[0].dtype),
        product_(r.op == "cumprod"),
        exclusive_(r.attrs.flag("exclusive", false)),
        reverse_(r.attrs.flag("reverse", false)) {}
  bool in_place(int, int) const override { return true; }
  void run(const RunArgs& args) const override {
    dispatch(dtype_, [&](auto zero) {
      using T = decltype(zero);
      line_.each([&](int64_t at, int64_t) { go(args.input<T>(0) + at, args.output<T>(0) + at); });
    });
  }

 private:
  template <class T>
  void go(const T* x, T* y) const {
    Wide<T> so_far = product_ ? 1 : 0;
    for (int64_t k = 0; k < line_.n; ++k) {
      const int64_t at = (reverse_ ? line_.n - 1 - k : k) * line_.inner;
      const Wide<T> v = static_cast<Wide<T>>(x[at]), before = so_far;
      so_far = product_ ? so_far * v : so_far + v;
      y[at] = static_cast<T>(exclusive_ ? before : so_far);
    }
  }

  Line line_;
  DType dtype_;
  bool product_, exclusive_, reverse_;
};

class LinearScan : public Kernel {
 public:
  explicit LinearScan(const KernelRequest& r)
      : line_(line_of(r)), dtype_(r.in[0].dtype), reverse_(r.attrs.flag("reverse", false)) {}
  void run(const RunArgs& args) const override {
    dispatch(dtype_, [&](auto zero) {
      using T = decltype(zero);
      line_.each([&](int64_t at, int64_t) {
        go(args.input<T>(0) + at, args.input<T>(1) + at, args.output<T>(0) + at);
      });
    });
  }

 private:
  template <class T>
  void go(const T* a, const T* b, T* y) const {
    Wide<T> state = 0;
    for (int64_t i = 0; i < line_.n; ++i) {
      const int64_t k = reverse_ ? line_.n - 1 - i : i;
      if (i > 0) state *= static_cast<Wide<T>>(a[(reverse_ ? k + 1 : k) * line_.inner]);
      state += static_cast<Wide<T>>(b[k * line_.inner]);
      y[k * line_.inner] = static_cast<T>(state);
    }
  }

  Line line_;
  DType dtype_;
  bool reverse_;
};

}  // namespace

std::unique_ptr<Kernel> make_reduce(const KernelRequest& r, std::string&) {
  const Shape& x = r.in[0].shape;
  return std::make_unique<Reduce>(r, r.op == "sum_like" ? broadcast_axes(x, r.out[0].shape)
                                                        : reduced_axes(r.attrs, x.rank(), r.op));
}
std::unique_ptr<Kernel> make_position(const KernelRequest& r, std::string&) {
  return std::make_unique<Position>(r);
}
std::unique_ptr<Kernel> make_running(const KernelRequest& r, std::string&) {
  return std::make_unique<Running>(r);
}
std::unique_ptr<Kernel> make_linear_scan(const KernelRequest& r, std::string&) {
  return std::make_unique<LinearScan>(r);
}

}  // namespace kn::cpu::ref
