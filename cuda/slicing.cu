// Slices, padding, reversal. Sums into slices and paddings are gathered: each element of the result
// looks for what was copied from it, so that no two threads add to one place.
#include "base/slice.h"
#include "copy.h"
#include "families.h"

namespace kn::cuda {

namespace {

// The elements of x that a slice takes.
Strided sliced(const KernelRequest& r, const Shape& x) {
  const Ints &begin = r.attrs.ints("begin"), &end = r.attrs.ints("end");
  const Ints& strides = r.attrs.ints("strides");
  const auto own = strides_of(x);
  Strided walk;
  for (int i = 0; i < x.rank(); ++i) {
    const SliceAxis axis = resolve_slice(begin[i], end[i], strides[i], x[i]);
    walk.base += axis.begin * own[i];
    walk.push(axis.count, axis.step * own[i]);
  }
  return walk;
}

Strided reversed(const KernelRequest& r, const Shape& x) {
  const auto own = strides_of(x);
  bool turned[kMaxRank] = {};
  for (int64_t axis : r.attrs.ints("axes")) turned[normalize_axis(axis, x.rank(), r.op)] = true;
  Strided walk;
  for (int i = 0; i < x.rank(); ++i) {
    if (turned[i]) walk.base += (x[i] - 1) * own[i];
    walk.push(x[i], turned[i] ? -own[i] : own[i]);
  }
  return walk;
}

class Read : public Kernel {
 public:
  Read(const KernelRequest& r, const Strided& from)
      : from_(from), count_(r.out[0].shape.elements()), width_(size_of(r.out[0].dtype)) {}
  void run(const RunArgs& args) const override {
    copy_elements(args, count_, width_, args.in[0], from_, args.out[0], dense(count_));
  }

 private:
  Strided from_;
  int64_t count_;
  size_t width_;
};

// `filler` everywhere, and the input at `to`.
class Write : public Kernel {
 public:
  Write(const KernelRequest& r, const Strided& to, double filler)
      : to_(to),
        from_count_(r.in[0].shape.elements()),
        count_(r.out[0].shape.elements()),
        width_(size_of(r.out[0].dtype)),
        filler_(element_bits(filler, r.out[0].dtype)) {}
  void run(const RunArgs& args) const override {
    if (from_count_ != count_) fill_elements(args, count_, width_, args.out[0], filler_);
    copy_elements(args, from_count_, width_, args.in[0], dense(from_count_), args.out[0], to_);
  }

 private:
  Strided to_;
  int64_t from_count_, count_;
  size_t width_;
  uint64_t filler_;
};

// Padding that repeats elements of x (reflect, symmetric).
struct Mirror {
  int rank;
  int64_t extent[kMaxRank], padded[kMaxRank], before[kMaxRank];
  int edge;  // 1: the border element itself is repeated

  Mirror(const KernelRequest& r, const Shape& x, const Shape& whole)
      : rank(x.rank()), edge(r.attrs.text("mode", "constant") == "symmetric" ? 1 : 0) {
    for (int i = 0; i < rank; ++i) {
      extent[i] = x[i];
      padded[i] = whole[i];
      before[i] = r.attrs.ints("paddings")[2 * i];
    }
  }

  // Where the padded tensor's element comes from.
  __device__ int64_t origin(int64_t position) const {
    int64_t at = 0, step = 1;
    for (int i = rank - 1; i >= 0; --i) {
      int64_t k = position % padded[i] - before[i];
      position /= padded[i];
      if (k < 0) k = -k - edge;
      else if (k >= extent[i]) k = 2 * (extent[i] - 1) - k + edge;
      at += k * step;
      step *= extent[i];
    }
    return at;
  }
};

template <class T>
struct ReadMirrored {
  Mirror mirror;
  const T* in;
  T* out;
  __device__ void operator()(int64_t i) const { out[i] = in[mirror.origin(i)]; }
};

// Element i of x appears at up to three places of each axis: its own, and mirrored at either end.
template <class T>
struct SumMirrored {
  Mirror m;
  const T* in;
  T* out;

  // The places of element k of an axis, within the padded axis.
  __device__ int places(int axis, int64_t k, int64_t* at) const {
    const int64_t n = m.extent[axis], before = m.before[axis], whole = m.padded[axis];
    int count = 0;
    const int64_t low = before - k - m.edge, high = before + 2 * (n - 1) - k + m.edge;
    if (low >= 0 && low < before) at[count++] = low;
    at[count++] = before + k;
    if (high >= before + n && high < whole) at[count++] = high;
    return count;
  }

  __device__ void operator()(int64_t position) const {
    int64_t at[kMaxRank][3], step[kMaxRank];
    int count[kMaxRank], chosen[kMaxRank] = {};
    int64_t rest = position, stride = 1;
    for (int i = m.rank - 1; i >= 0; --i) {
      count[i] = places(i, rest % m.extent[i], at[i]);
      rest /= m.extent[i];
      step[i] = stride;
      stride *= m.padded[i];
    }
    T sum = 0;
    for (bool more = true; more;) {
      int64_t from = 0;
      for (int i = 0; i < m.rank; ++i) from += at[i][chosen[i]] * step[i];
      sum += in[from];
      int axis = m.rank - 1;
      while (axis >= 0 && ++chosen[axis] == count[axis]) chosen[axis--] = 0;
      more = axis >= 0;
    }
    out[position] = sum;
  }
};

class PadMirrored : public Kernel {
 public:
  explicit PadMirrored(const KernelRequest& r)
      : mirror_(r, r.in[0].shape, r.out[0].shape),
        count_(r.out[0].shape.elements()),
        width_(size_of(r.out[0].dtype)) {}
  void run(const RunArgs& args) const override {
    with_width(width_, [&](auto zero) {
      using T = decltype(zero);
      each(args, count_, ReadMirrored<T>{mirror_, args.input<T>(0), args.output<T>(0)});
    });
  }

 private:
  Mirror mirror_;
  int64_t count_;
  size_t width_;
};

template <class T>
class PadGrad : public Kernel {
 public:
  explicit PadGrad(const KernelRequest& r)
      : mirror_(r, r.out[0].shape, r.in[0].shape), count_(r.out[0].shape.elements()) {}
  void run(const RunArgs& args) const override {
    each(args, count_, SumMirrored<T>{mirror_, args.input<T>(0), args.output<T>(0)});
  }

 private:
  Mirror mirror_;
  int64_t count_;
};

// The elements of a constant padding that are x's.
Strided inside(const KernelRequest& r, const Shape& x, const Shape& whole) {
  const auto own = strides_of(whole);
  Strided walk;
  for (int i = 0; i < x.rank(); ++i) {
    walk.base += r.attrs.ints("paddings")[2 * i] * own[i];
    walk.push(x[i], own[i]);
  }
  return walk;
}

bool constant_mode(const KernelRequest& r) {
  return r.attrs.text("mode", "constant") == "constant";
}

std::unique_ptr<Kernel> make_slice(const KernelRequest& r, std::string&) {
  return std::make_unique<Read>(r, sliced(r, r.in[0].shape));
}
std::unique_ptr<Kernel> make_slice_grad(const KernelRequest& r, std::string&) {
  return std::make_unique<Write>(r, sliced(r, r.out[0].shape), 0);
}
std::unique_ptr<Kernel> make_reverse(const KernelRequest& r, std::string&) {
  return std::make_unique<Read>(r, reversed(r, r.in[0].shape));
}
std::unique_ptr<Kernel> make_pad(const KernelRequest& r, std::string&) {
  if (!constant_mode(r)) return std::make_unique<PadMirrored>(r);
  return std::make_unique<Write>(r, inside(r, r.in[0].shape, r.out[0].shape),
                                 r.attrs.number("value", 0));
}
std::unique_ptr<Kernel> make_pad_grad(const KernelRequest& r, std::string& refusal) {
  if (constant_mode(r)) return std::make_unique<Read>(r, inside(r, r.out[0].shape, r.in[0].shape));
  switch (r.out[0].dtype) {
    case DType::f32: return std::make_unique<PadGrad<float>>(r);
    case DType::f64: return std::make_unique<PadGrad<double>>(r);
    case DType::i32: return std::make_unique<PadGrad<int32_t>>(r);
    case DType::i64: return std::make_unique<PadGrad<int64_t>>(r);
    default: break;
  }
  refusal = "sums of " + std::string(name_of(r.out[0].dtype)) + " are not computed";
  return nullptr;
}

const Candidate kSlice[] = {{"strided", make_slice, true}};
const Candidate kSliceGrad[] = {{"strided", make_slice_grad, true}};
const Candidate kPad[] = {{"strided", make_pad, true}};
const Candidate kPadGrad[] = {{"gathered", make_pad_grad}};
const Candidate kReverse[] = {{"strided", make_reverse, true}};

const OpKernels kKernels[] = {
    {"slice", kSlice},      {"slice_grad", kSliceGrad}, {"pad", kPad},
    {"pad_grad", kPadGrad}, {"reverse", kReverse},
};

}  // namespace

std::span<const OpKernels> slicing_kernels() { return kKernels; }

}  // namespace kn::cuda
