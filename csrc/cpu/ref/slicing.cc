#include "base/slice.h"
#include "cpu/ref/movement.h"
#include "cpu/ref/moves.h"

namespace kn::cpu::ref {

namespace {

std::vector<SliceAxis> slice_axes(const KernelRequest& r, const Shape& x) {
  const Ints &begin = r.attrs.ints("begin"), &end = r.attrs.ints("end");
  const Ints& strides = r.attrs.ints("strides");
  std::vector<SliceAxis> axes;
  for (int i = 0; i < x.rank(); ++i)
    axes.push_back(resolve_slice(begin[i], end[i], strides[i], x[i]));
  return axes;
}

Dim sliced_offset(const Shape& x, const std::vector<SliceAxis>& axes, Index index) {
  for (int i = 0; i < x.rank(); ++i) index[i] = axes[i].begin + index[i] * axes[i].step;
  return offset_of(x, index);
}

// Padding of one tensor: which element of x each element of the padded tensor copies.
class Padding {
 public:
  Padding(const KernelRequest& r, const Shape& x)
      : x_(x), paddings_(r.attrs.ints("paddings")), mode_(r.attrs.text("mode", "constant")) {}

  // -1 where the padding is constant.
  Dim origin(Index index) const {
    for (int i = 0; i < x_.rank(); ++i) {
      Dim at = index[i] - paddings_[2 * i];
      const bool inside = at >= 0 && at < x_[i];
      if (!inside && mode_ == "constant") return -1;
      const Dim edge = mode_ == "symmetric" ? 1 : 0;  // is the border element itself repeated?
      if (at < 0) at = -at - edge;
      else if (at >= x_[i]) at = 2 * (x_[i] - 1) - at + edge;
      index[i] = at;
    }
    return offset_of(x_, index);
  }

 private:
  Shape x_;
  Ints paddings_;
  std::string mode_;
};

}  // namespace

std::unique_ptr<Kernel> make_slice(const KernelRequest& r, std::string&) {
  const Shape x = r.in[0].shape;
  return make_pull(r, [x, axes = slice_axes(r, x)](const RunArgs&, int, const Index& index) {
    return Origin{0, sliced_offset(x, axes, index)};
  });
}

std::unique_ptr<Kernel> make_slice_grad(const KernelRequest& r, std::string& refusal) {
  const Shape x = r.out[0].shape;
  const auto target = [x, axes = slice_axes(r, x)](const RunArgs&, const Index& index) {
    return sliced_offset(x, axes, index);
  };
  return make_push(r, 0, target, refusal);
}

std::unique_ptr<Kernel> make_pad(const KernelRequest& r, std::string&) {
  return make_pull(
      r,
      [padding = Padding(r, r.in[0].shape)](const RunArgs&, int, const Index& index) {
        const Dim origin = padding.origin(index);
        return Origin{origin < 0 ? -1 : 0, origin};
      },
      r.attrs.number("value", 0));
}

std::unique_ptr<Kernel> make_pad_grad(const KernelRequest& r, std::string& refusal) {
  const auto target = [padding = Padding(r, r.out[0].shape)](const RunArgs&, const Index& index) {
    return padding.origin(index);
  };
  return make_push(r, 0, target, refusal);
}

std::unique_ptr<Kernel> make_reverse(const KernelRequest& r, std::string&) {
  const Shape x = r.in[0].shape;
  std::vector<bool> turned(x.rank(), false);
  for (int64_t axis : r.attrs.ints("axes")) turned[normalize_axis(axis, x.rank(), r.op)] = true;
  return make_pull(r, [x, turned](const RunArgs&, int, Index index) {
    for (int i = 0; i < x.rank(); ++i)
      if (turned[i]) index[i] = x[i] - 1 - index[i];
    return Origin{0, offset_of(x, index)};
  });
}

}  // namespace kn::cpu::ref
