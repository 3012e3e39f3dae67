// Along one axis: where the largest and smallest elements are, running sums and products, linear
// recurrences.
#include <type_traits>

#include "each.h"
#include "extreme.h"
#include "families.h"

namespace kn::cuda {

namespace {

// x (outer, n, inner): lines of n elements that are `inner` apart.
struct Lines {
  int64_t outer, n, inner;
  __host__ __device__ int64_t count() const { return outer * inner; }
  __device__ int64_t first(int64_t line) const { return line / inner * n * inner + line % inner; }
};

Lines lines_of(const KernelRequest& r) {
  const Shape& s = r.in[0].shape;
  const int axis = normalize_axis(r.attrs.integer("axis"), s.rank(), r.op);
  return {s.elements(0, axis), s[axis], s.elements(axis + 1, s.rank())};
}

template <class T>
struct FindExtreme {
  Lines lines;
  const T* x;
  int64_t* out;
  bool largest;

  __device__ void operator()(int64_t line, int lane) const {
    const int64_t best = find_extreme(x + lines.first(line), lines.n, lines.inner, largest, lane);
    if (lane == 0) out[line] = best;
  }
};

template <class T>
using Total = std::conditional_t<std::is_same_v<T, float>, double,
                                 std::conditional_t<std::is_same_v<T, double>, double, uint64_t>>;

template <class T>
struct Running {
  Lines lines;
  const T* x;
  T* y;
  bool product, exclusive, reverse;

  __device__ void operator()(int64_t line) const {
    const int64_t first = lines.first(line);
    Total<T> so_far = product ? 1 : 0;
    for (int64_t k = 0; k < lines.n; ++k) {
      const int64_t at = first + (reverse ? lines.n - 1 - k : k) * lines.inner;
      const auto v = static_cast<Total<T>>(x[at]), before = so_far;
      so_far = product ? so_far * v : so_far + v;
      y[at] = static_cast<T>(exclusive ? before : so_far);
    }
  }
};

// y[k] = a[k] y[k-1] + b[k]; the other way round, a belongs to the element after.
template <class T>
struct Recurrence {
  Lines lines;
  const T *a, *b;
  T* y;
  bool reverse;

  __device__ void operator()(int64_t line) const {
    const int64_t first = lines.first(line);
    Total<T> state = 0;
    for (int64_t i = 0; i < lines.n; ++i) {
      const int64_t k = reverse ? lines.n - 1 - i : i;
      if (i > 0) state *= static_cast<Total<T>>(a[first + (reverse ? k + 1 : k) * lines.inner]);
      state += static_cast<Total<T>>(b[first + k * lines.inner]);
      y[first + k * lines.inner] = static_cast<T>(state);
    }
  }
};

template <class T>
class Position : public Kernel {
 public:
  explicit Position(const KernelRequest& r) : lines_(lines_of(r)), largest_(r.op == "argmax") {}
  void run(const RunArgs& args) const override {
    each_by_warp(args, lines_.count(),
                 FindExtreme<T>{lines_, args.input<T>(0), args.output<int64_t>(0), largest_});
  }

 private:
  Lines lines_;
  bool largest_;
};

template <class T>
class RunningKernel : public Kernel {
 public:
  explicit RunningKernel(const KernelRequest& r)
      : lines_(lines_of(r)),
        product_(r.op == "cumprod"),
        exclusive_(r.attrs.flag("exclusive", false)),
        reverse_(r.attrs.flag("reverse", false)) {}
  bool in_place(int, int) const override { return true; }
  void run(const RunArgs& args) const override {
    each(args, lines_.count(),
         Running<T>{lines_, args.input<T>(0), args.output<T>(0), product_, exclusive_, reverse_});
  }

 private:
  Lines lines_;
  bool product_, exclusive_, reverse_;
};

template <class T>
class RecurrenceKernel : public Kernel {
 public:
  explicit RecurrenceKernel(const KernelRequest& r)
      : lines_(lines_of(r)), reverse_(r.attrs.flag("reverse", false)) {}
  void run(const RunArgs& args) const override {
    each(args, lines_.count(),
         Recurrence<T>{lines_, args.input<T>(0), args.input<T>(1), args.output<T>(0), reverse_});
  }

 private:
  Lines lines_;
  bool reverse_;
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f16 || r.in[0].dtype == DType::bf16) {
    refusal = "float16 and bfloat16 are not computed on";
    return nullptr;
  }
  return dispatch(r.in[0].dtype, [&](auto zero) -> std::unique_ptr<Kernel> {
    return std::make_unique<K<decltype(zero)>>(r);
  });
}

const Candidate kPosition[] = {{"warps", make<Position>}};
const Candidate kRunning[] = {{"threads", make<RunningKernel>}};
const Candidate kRecurrence[] = {{"threads", make<RecurrenceKernel>}};

const OpKernels kKernels[] = {
    {"argmax", kPosition}, {"argmin", kPosition},        {"cumsum", kRunning},
    {"cumprod", kRunning}, {"linear_scan", kRecurrence},
};

}  // namespace

std::span<const OpKernels> position_kernels() { return kKernels; }

}  // namespace kn::cuda
