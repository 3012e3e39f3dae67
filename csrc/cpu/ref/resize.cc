#include "cpu/ref/resize.h"

#include <cstring>

#include "base/resize_axis.h"
#include "cpu/families.h"

namespace kn::cpu::ref {

namespace {

// Taps of both axes between `small`'s pixels and `large`'s: forward from input to output.
struct Pixels {
  Shape from, to;  // (N, H, W, C)
  std::vector<Tap> rows, columns;

  Pixels(const Shape& source, const Shape& target, bool half_pixel, bool nearest)
      : from(source),
        to(target),
        rows(resize_taps(from[1], to[1], half_pixel, nearest)),
        columns(resize_taps(from[2], to[2], half_pixel, nearest)) {}

  // Calls f(position in `to`, position in `from`, weight) for every pair of channels that meet.
  template <class F>
  void for_each_pair(F f) const {
    Dim position = 0;
    for (Dim n = 0; n < to[0]; ++n)
      for (const Tap& row : rows)
        for (const Tap& column : columns)
          for (Dim c = 0; c < to[3]; ++c, ++position) {
            const auto at = [&](Dim y, Dim x) {
              return ((n * from[1] + y) * from[2] + x) * from[3] + c;
            };
            const double down = row.fraction, right = column.fraction;
            f(position, at(row.low, column.low), (1 - down) * (1 - right));
            if (right > 0) f(position, at(row.low, column.high), (1 - down) * right);
            if (down > 0) f(position, at(row.high, column.low), down * (1 - right));
            if (down > 0 && right > 0) f(position, at(row.high, column.high), down * right);
          }
  }
};

template <class T>
class Resize : public Kernel {
 public:
  Resize(Pixels pixels, bool backward) : pixels_(std::move(pixels)), backward_(backward) {}
  void run(const RunArgs& args) const override {
    const T* in = args.input<T>(0);
    T* out = args.output<T>(0);
    const Dim size = (backward_ ? pixels_.from : pixels_.to).elements();
    for (Dim i = 0; i < size; ++i) out[i] = 0;
    pixels_.for_each_pair([&](Dim to, Dim from, double weight) {
      if (backward_) out[from] += static_cast<T>(weight) * in[to];
      else out[to] += static_cast<T>(weight) * in[from];
    });
  }

 private:
  Pixels pixels_;
  bool backward_;
};

// Nearest neighbours of any dtype are copies.
class Nearest : public Kernel {
 public:
  Nearest(Pixels pixels, size_t width) : pixels_(std::move(pixels)), width_(width) {}
  void run(const RunArgs& args) const override {
    pixels_.for_each_pair([&](Dim to, Dim from, double) {
      std::memcpy(args.output<char>(0) + width_ * to, args.input<char>(0) + width_ * from, width_);
    });
  }

 private:
  Pixels pixels_;
  size_t width_;
};

std::unique_ptr<Kernel> make_weighted(const KernelRequest& r, bool nearest, bool backward,
                                      std::string& refusal) {
  const DType dtype = r.in[0].dtype;
  const Shape &in = r.in[0].shape, &out = r.out[0].shape;
  Pixels pixels(backward ? out : in, backward ? in : out, r.attrs.flag("half_pixel", false),
                nearest);
  if (dtype == DType::f32) return std::make_unique<Resize<float>>(std::move(pixels), backward);
  if (dtype == DType::f64) return std::make_unique<Resize<double>>(std::move(pixels), backward);
  refusal = "expected float32 or float64; got " + std::string(name_of(dtype));
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_resize_nearest(const KernelRequest& r, std::string&) {
  Pixels pixels(r.in[0].shape, r.out[0].shape, r.attrs.flag("half_pixel", false), true);
  return std::make_unique<Nearest>(std::move(pixels), size_of(r.in[0].dtype));
}
std::unique_ptr<Kernel> make_resize_bilinear(const KernelRequest& r, std::string& refusal) {
  return make_weighted(r, false, false, refusal);
}
std::unique_ptr<Kernel> make_resize_nearest_grad(const KernelRequest& r, std::string& refusal) {
  return make_weighted(r, true, true, refusal);
}
std::unique_ptr<Kernel> make_resize_bilinear_grad(const KernelRequest& r, std::string& refusal) {
  return make_weighted(r, false, true, refusal);
}

}  // namespace kn::cpu::ref
