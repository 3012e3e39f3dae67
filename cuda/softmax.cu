// Softmax and log-softmax along any axis and their gradients: a warp takes a line.
#include <cmath>
#include <limits>

#include "each.h"
#include "families.h"

namespace kn::cuda {

namespace {

// x (outer, n, inner): lines of n elements that are `inner` apart.
struct Lines {
  int64_t outer, n, inner;
  explicit Lines(const KernelRequest& r) {
    const Shape& s = r.in[0].shape;
    const int axis = normalize_axis(r.attrs.integer("axis", -1), s.rank(), r.op);
    outer = s.elements(0, axis), n = s[axis], inner = s.elements(axis + 1, s.rank());
  }
  int64_t count() const { return n ? outer * inner : 0; }
  __device__ int64_t first(int64_t line) const { return line / inner * n * inner + line % inner; }
};

template <class T>
struct Forward {
  Lines lines;
  const T* x;
  T* y;
  bool log;

  __device__ void operator()(int64_t line, int lane) const {
    const int64_t first = lines.first(line), step = lines.inner;
    T top = -std::numeric_limits<T>::infinity();
    for (int64_t k = lane; k < lines.n; k += kWarp) top = Larger()(top, x[first + k * step]);
    top = join_lanes(top, Larger());
    T sum = 0;
    for (int64_t k = lane; k < lines.n; k += kWarp) sum += std::exp(x[first + k * step] - top);
    sum = join_lanes(sum, Add());
    const T shift = log ? top + std::log(sum) : top, share = 1 / sum;
    for (int64_t k = lane; k < lines.n; k += kWarp) {
      const T v = x[first + k * step];
      y[first + k * step] = log ? v - shift : std::exp(v - shift) * share;
    }
  }
};

// Softmax: y (g - sum(g y)).  Log-softmax: g - exp(y) sum(g).
template <class T>
struct Backward {
  Lines lines;
  const T *y, *g;
  T* dx;
  bool log;

  __device__ void operator()(int64_t line, int lane) const {
    const int64_t first = lines.first(line), step = lines.inner;
    T sum = 0;
    for (int64_t k = lane; k < lines.n; k += kWarp) {
      const int64_t at = first + k * step;
      sum += log ? g[at] : g[at] * y[at];
    }
    sum = join_lanes(sum, Add());
    for (int64_t k = lane; k < lines.n; k += kWarp) {
      const int64_t at = first + k * step;
      dx[at] = log ? g[at] - std::exp(y[at]) * sum : y[at] * (g[at] - sum);
    }
  }
};

template <class T>
class Softmax : public Kernel {
 public:
  explicit Softmax(const KernelRequest& r)
      : lines_(r), log_(r.op.starts_with("log")), backward_(r.op.ends_with("_grad")) {}
  bool in_place(int, int) const override { return true; }
  void run(const RunArgs& args) const override {
    if (backward_)
      each_by_warp(
          args, lines_.count(),
          Backward<T>{lines_, args.input<T>(0), args.input<T>(1), args.output<T>(0), log_});
    else
      each_by_warp(args, lines_.count(),
                   Forward<T>{lines_, args.input<T>(0), args.output<T>(0), log_});
  }

 private:
  Lines lines_;
  bool log_, backward_;
};

std::unique_ptr<Kernel> make_softmax(const KernelRequest& r, std::string&) {
  if (r.in[0].dtype == DType::f64) return std::make_unique<Softmax<double>>(r);
  return std::make_unique<Softmax<float>>(r);
}

const Candidate kSoftmax[] = {{"warps", make_softmax}};

const OpKernels kKernels[] = {{"softmax", kSoftmax},
                              {"log_softmax", kSoftmax},
                              {"softmax_grad", kSoftmax},
                              {"log_softmax_grad", kSoftmax}};

}  // namespace

std::span<const OpKernels> softmax_kernels() { return kKernels; }

}  // namespace kn::cuda
