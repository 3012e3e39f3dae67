// slice, reverse and their like as strided copies; pad by filling around rows.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/slice.h"
#include "cpu/families.h"
#include "cpu/movement.h"
#include "cpu/ref/movement.h"
#include "cpu/ref/moves.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

// Loops over the elements that a slice takes of x, and the first of them.
std::vector<StridedAxis> slice_axes(const KernelRequest& r, const Shape& x, const Shape& part,
                                    Dim& first) {
  const Ints &begin = r.attrs.ints("begin"), &end = r.attrs.ints("end");
  const Ints& strides = r.attrs.ints("strides");
  const auto from = strides_of(x), to = strides_of(part);
  std::vector<StridedAxis> axes;
  first = 0;
  for (int i = 0; i < x.rank(); ++i) {
    const SliceAxis axis = resolve_slice(begin[i], end[i], strides[i], x[i]);
    if (axis.count) first += axis.begin * from[i];
    axes.push_back({axis.count, axis.step * from[i], to[i]});
  }
  return axes;
}

std::unique_ptr<Kernel> make_slice(const KernelRequest& r, std::string&) {
  Dim first = 0;
  auto axes = slice_axes(r, r.in[0].shape, r.out[0].shape, first);
  auto kernel = std::make_unique<Copies>(r.in[0].dtype);
  kernel->add(0, first, 0, 0, std::move(axes));
  return kernel;
}

// Zeros, then the part where it belongs.
class SliceGrad : public Copies {
 public:
  SliceGrad(DType dtype, size_t bytes) : Copies(dtype), bytes_(bytes) {}
  void run(const RunArgs& args) const override {
    if (bytes_) std::memset(args.out[0], 0, bytes_);
    Copies::run(args);
  }

 private:
  size_t bytes_;
};

std::unique_ptr<Kernel> make_slice_grad(const KernelRequest& r, std::string&) {
  Dim first = 0;
  auto axes = slice_axes(r, r.out[0].shape, r.in[0].shape, first);
  for (StridedAxis& a : axes) std::swap(a.from, a.to);
  auto kernel = std::make_unique<SliceGrad>(r.in[0].dtype, r.out[0].bytes());
  kernel->add(0, 0, 0, first, std::move(axes));
  return kernel;
}

std::unique_ptr<Kernel> make_reverse(const KernelRequest& r, std::string&) {
  const Shape& x = r.in[0].shape;
  const auto strides = strides_of(x);
  std::vector<StridedAxis> axes;
  for (int i = 0; i < x.rank(); ++i) axes.push_back({x[i], strides[i], strides[i]});
  for (int64_t named : r.attrs.ints("axes")) {
    StridedAxis& a = axes[normalize_axis(named, x.rank(), r.op)];
    a.from = -std::abs(a.from);
  }
  Dim first = 0;
  for (const StridedAxis& a : axes)
    if (a.from < 0) first -= (a.count - 1) * a.from;
  auto kernel = std::make_unique<Copies>(r.in[0].dtype);
  kernel->add(0, x.elements() ? first : 0, 0, 0, std::move(axes));
  return kernel;
}

// Padding with one value: each byte of the result is written once. Leading axes without padding
// are shared between threads, trailing ones belong to the rows.
class Pad : public Kernel {
 public:
  explicit Pad(const KernelRequest& r)
      : width_(size_of(r.in[0].dtype)),
        value_(ref::element_bytes(r.attrs.number("value", 0), r.in[0].dtype)) {
    const Shape& x = r.in[0].shape;
    const Ints& paddings = r.attrs.ints("paddings");
    const auto padded = [&](int i) { return paddings[2 * i] || paddings[2 * i + 1]; };
    int first = 0, last = x.rank();
    while (first < last && !padded(first)) outer_ *= x[first++];
    Dim bytes = static_cast<Dim>(width_);
    while (last > first && !padded(last - 1)) bytes *= x[--last];
    from_bytes_ = to_bytes_ = bytes;
    for (int i = last - 1; i >= first; --i) {
      const Dim before = paddings[2 * i], after = paddings[2 * i + 1];
      axes_.push_back({x[i], before * to_bytes_, after * to_bytes_, from_bytes_, to_bytes_});
      from_bytes_ *= x[i];
      to_bytes_ *= x[i] + before + after;
    }
    std::reverse(axes_.begin(), axes_.end());
    zero_ = std::all_of(value_.begin(), value_.end(), [](char c) { return c == 0; });
  }

  void run(const RunArgs& args) const override {
    const char* x = args.input<char>(0);
    char* out = args.output<char>(0);
    if (to_bytes_ == 0) return;
    const Dim grain = std::max<Dim>(1, 65536 / to_bytes_);
    args.pool->parallel_for(outer_, grain, outer_ * to_bytes_ / 10, [&](Dim begin, Dim end) {
      for (Dim i = begin; i < end; ++i) pad(0, x + i * from_bytes_, out + i * to_bytes_);
    });
  }

 private:
  struct Axis {
    Dim count, before, after;  // bytes of padding
    Dim from, to;              // bytes per step
  };

  char* fill(char* to, Dim bytes) const {
    if (zero_) {
      std::memset(to, 0, static_cast<size_t>(bytes));
    } else {
      for (Dim i = 0; i < bytes; i += static_cast<Dim>(width_))
        std::memcpy(to + i, value_.data(), width_);
    }
    return to + bytes;
  }

  void pad(size_t level, const char* x, char* out) const {
    if (level == axes_.size()) {
      std::memcpy(out, x, static_cast<size_t>(to_bytes_));
      return;
    }
    const Axis& axis = axes_[level];
    out = fill(out, axis.before);
    if (level + 1 == axes_.size()) {
      if (axis.count) std::memcpy(out, x, static_cast<size_t>(axis.count * axis.from));
      out += axis.count * axis.to;
    } else {
      for (Dim i = 0; i < axis.count; ++i, x += axis.from, out += axis.to) pad(level + 1, x, out);
    }
    fill(out, axis.after);
  }

  size_t width_;
  std::array<char, 8> value_;
  bool zero_ = false;
  Dim outer_ = 1;
  Dim from_bytes_ = 0, to_bytes_ = 0;  // of one step of the leading axes
  std::vector<Axis> axes_;
};

std::unique_ptr<Kernel> make_pad(const KernelRequest& r, std::string& refusal) {
  if (r.attrs.text("mode", "constant") == "constant") return std::make_unique<Pad>(r);
  refusal = "padding that repeats elements is not hot";
  return nullptr;
}

const Candidate kSlice[] = {{"strided", make_slice, true}, {"ref", ref::make_slice, true}};
const Candidate kSliceGrad[] = {{"strided", make_slice_grad, true},
                                {"ref", ref::make_slice_grad, true}};
const Candidate kPad[] = {{"rows", make_pad, true}, {"ref", ref::make_pad, true}};
const Candidate kPadGrad[] = {{"ref", ref::make_pad_grad}};
const Candidate kReverse[] = {{"strided", make_reverse, true}, {"ref", ref::make_reverse, true}};

const OpKernels kKernels[] = {
    {"slice", kSlice},      {"slice_grad", kSliceGrad}, {"pad", kPad},
    {"pad_grad", kPadGrad}, {"reverse", kReverse},
};

}  // namespace

std::span<const OpKernels> slicing_kernels() { return kKernels; }

}  // namespace kn::cpu
