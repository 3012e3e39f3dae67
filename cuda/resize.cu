// Resized images (N, H, W, C). Gradients are gathered: a pixel of the original asks the resized
// pixels around it for their share. Compiled without fused products, so that taps are the CPU's.
#include "base/resize_axis.h"
#include "copy.h"
#include "families.h"

namespace kn::cuda {

namespace {

struct Mapping {
  int64_t from_height, from_width, to_height, to_width, channels;
  bool half_pixel, nearest;

  __device__ Tap row(int64_t y) const {
    return resize_tap(y, from_height, to_height, half_pixel, nearest);
  }
  __device__ Tap column(int64_t x) const {
    return resize_tap(x, from_width, to_width, half_pixel, nearest);
  }
};

// A pixel of the resized images and one channel of it.
struct Cell {
  int64_t image, y, x, channel;
  __device__ Cell(int64_t position, int64_t height, int64_t width, int64_t channels) {
    channel = position % channels;
    position /= channels;
    x = position % width;
    position /= width;
    y = position % height;
    image = position / height;
  }
};

template <class T>
struct ReadNearest {
  Mapping m;
  const T* in;
  T* out;
  __device__ void operator()(int64_t position) const {
    const Cell c(position, m.to_height, m.to_width, m.channels);
    const int64_t row = c.image * m.from_height + m.row(c.y).low;
    out[position] = in[(row * m.from_width + m.column(c.x).low) * m.channels + c.channel];
  }
};

template <class T>
struct ReadWeighted {
  Mapping m;
  const T* in;
  T* out;

  __device__ void operator()(int64_t position) const {
    const Cell c(position, m.to_height, m.to_width, m.channels);
    const Tap row = m.row(c.y), column = m.column(c.x);
    const T down = row.fraction, right = column.fraction;
    const T* image = in + c.image * m.from_height * m.from_width * m.channels + c.channel;
    const auto at = [&](int64_t y, int64_t x) {
      return image[(y * m.from_width + x) * m.channels];
    };
    T sum = (1 - down) * (1 - right) * at(row.low, column.low);
    if (right > 0) sum += (1 - down) * right * at(row.low, column.high);
    if (down > 0) sum += down * (1 - right) * at(row.high, column.low);
    if (down > 0 && right > 0) sum += down * right * at(row.high, column.high);
    out[position] = sum;
  }
};

// What resized pixel tap `t` gives to pixel k of the original.
template <class T>
__device__ T share(const Tap& t, int64_t k) {
  T weight = 0;
  if (t.low == k) weight += T(1) - static_cast<T>(t.fraction);
  if (t.high == k && t.fraction > 0) weight += static_cast<T>(t.fraction);
  return weight;
}

// Resized pixels that may touch pixel k of an axis; the borders are reached from afar.
__device__ inline void reach(int64_t k, int64_t from, int64_t to, int64_t& first, int64_t& last) {
  first = k == 0 ? 0 : (k - 1) * to / from - 2;
  last = k == from - 1 ? to - 1 : (k + 2) * to / from + 2;
  if (first < 0) first = 0;
  if (last > to - 1) last = to - 1;
}

template <class T>
struct SumShares {
  Mapping m;
  const T* grad;
  T* out;

  __device__ void operator()(int64_t position) const {
    const Cell c(position, m.from_height, m.from_width, m.channels);
    int64_t top, bottom, left, right;
    reach(c.y, m.from_height, m.to_height, top, bottom);
    reach(c.x, m.from_width, m.to_width, left, right);
    T sum = 0;
    for (int64_t y = top; y <= bottom; ++y) {
      const T down = share<T>(m.row(y), c.y);
      if (down == 0) continue;
      const T* line = grad + (c.image * m.to_height + y) * m.to_width * m.channels + c.channel;
      for (int64_t x = left; x <= right; ++x) {
        const T weight = share<T>(m.column(x), c.x);
        if (weight != 0) sum += down * weight * line[x * m.channels];
      }
    }
    out[position] = sum;
  }
};

Mapping mapping(const KernelRequest& r, bool nearest, bool backward) {
  const Shape& from = (backward ? r.out : r.in)[0].shape;
  const Shape& to = (backward ? r.in : r.out)[0].shape;
  return {from[1], from[2], to[1], to[2], to[3], r.attrs.flag("half_pixel", false), nearest};
}

class Nearest : public Kernel {
 public:
  explicit Nearest(const KernelRequest& r)
      : m_(mapping(r, true, false)), type_(r.out[0]), count_(type_.shape.elements()) {}
  void run(const RunArgs& args) const override {
    with_width(size_of(type_.dtype), [&](auto zero) {
      using T = decltype(zero);
      each(args, count_, ReadNearest<T>{m_, args.input<T>(0), args.output<T>(0)});
    });
  }

 private:
  Mapping m_;
  TensorType type_;
  int64_t count_;
};

template <class T, template <class> class Body>
class Weighted : public Kernel {
 public:
  Weighted(const KernelRequest& r, const Mapping& m) : m_(m), count_(r.out[0].shape.elements()) {}
  void run(const RunArgs& args) const override {
    each(args, count_, Body<T>{m_, args.input<T>(0), args.output<T>(0)});
  }

 private:
  Mapping m_;
  int64_t count_;
};

template <template <class> class Body>
std::unique_ptr<Kernel> make_weighted(const KernelRequest& r, const Mapping& m,
                                      std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<Weighted<float, Body>>(r, m);
  if (r.in[0].dtype == DType::f64) return std::make_unique<Weighted<double, Body>>(r, m);
  refusal = "expected float32 or float64; got " + std::string(name_of(r.in[0].dtype));
  return nullptr;
}

std::unique_ptr<Kernel> make_nearest(const KernelRequest& r, std::string&) {
  return std::make_unique<Nearest>(r);
}
std::unique_ptr<Kernel> make_bilinear(const KernelRequest& r, std::string& refusal) {
  return make_weighted<ReadWeighted>(r, mapping(r, false, false), refusal);
}
std::unique_ptr<Kernel> make_nearest_grad(const KernelRequest& r, std::string& refusal) {
  return make_weighted<SumShares>(r, mapping(r, true, true), refusal);
}
std::unique_ptr<Kernel> make_bilinear_grad(const KernelRequest& r, std::string& refusal) {
  return make_weighted<SumShares>(r, mapping(r, false, true), refusal);
}

const Candidate kNearest[] = {{"pixels", make_nearest}};
const Candidate kBilinear[] = {{"pixels", make_bilinear}};
const Candidate kNearestGrad[] = {{"gathered", make_nearest_grad}};
const Candidate kBilinearGrad[] = {{"gathered", make_bilinear_grad}};

const OpKernels kKernels[] = {{"resize_nearest", kNearest},
                              {"resize_bilinear", kBilinear},
                              {"resize_nearest_grad", kNearestGrad},
                              {"resize_bilinear_grad", kBilinearGrad}};

}  // namespace

std::span<const OpKernels> resize_kernels() { return kKernels; }

}  // namespace kn::cuda
