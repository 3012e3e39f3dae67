// Resized images, a row of pixels at a time.
#include "cpu/ref/resize.h"

#include <algorithm>
#include <cstring>

#include "base/resize_axis.h"
#include "cpu/families.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

// The two shapes (N, H, W, C) of a resize, from the original to the resized, and their taps.
struct Mapping {
  Shape from, to;
  std::vector<Tap> rows, columns;

  Mapping(const KernelRequest& r, bool nearest, bool backward)
      : from(backward ? r.out[0].shape : r.in[0].shape),
        to(backward ? r.in[0].shape : r.out[0].shape) {
    const bool half_pixel = r.attrs.flag("half_pixel", false);
    rows = resize_taps(from[1], to[1], half_pixel, nearest);
    columns = resize_taps(from[2], to[2], half_pixel, nearest);
  }
};

// Copies pixels; a row that comes from the same row as the one above is a copy of that.
class Nearest : public Kernel {
 public:
  explicit Nearest(const KernelRequest& r)
      : map_(r, true, false), pixel_(map_.to[3] * static_cast<Dim>(size_of(r.in[0].dtype))) {}

  void run(const RunArgs& args) const override {
    const Dim height = map_.to[1], in_row = map_.from[2] * pixel_, out_row = map_.to[2] * pixel_;
    const Dim lines = map_.to[0] * height, grain = std::max<Dim>(1, 32768 / (out_row + 1));
    args.pool->parallel_for(lines, grain, lines * out_row / 4, [&](Dim begin, Dim end) {
      for (Dim line = begin; line < end; ++line) {
        const Dim y = line % height, low = map_.rows[y].low;
        char* out = args.output<char>(0) + line * out_row;
        if (line > begin && y > 0 && map_.rows[y - 1].low == low)
          std::memcpy(out, out - out_row, static_cast<size_t>(out_row));
        else copy_row(args.input<char>(0) + (line / height * map_.from[1] + low) * in_row, out);
      }
    });
  }

 private:
  void copy_row(const char* row, char* out) const {
    switch (pixel_) {
      case 1: return copy_elements<uint8_t>(row, out);
      case 4: return copy_elements<uint32_t>(row, out);
      default: break;
    }
    for (const Tap& column : map_.columns) {
      std::memcpy(out, row + column.low * pixel_, static_cast<size_t>(pixel_));
      out += pixel_;
    }
  }

  template <class T>
  void copy_elements(const char* row, char* out) const {
    const T* from = reinterpret_cast<const T*>(row);
    T* to = reinterpret_cast<T*>(out);
    for (const Tap& column : map_.columns) *to++ = from[column.low];
  }

  Mapping map_;
  Dim pixel_;  // bytes
};

template <class T>
class Bilinear : public Kernel {
 public:
  explicit Bilinear(const KernelRequest& r) : map_(r, false, false) {}

  void run(const RunArgs& args) const override {
    const Dim height = map_.to[1], channels = map_.to[3];
    const Dim in_row = map_.from[2] * channels, out_row = map_.to[2] * channels;
    const Dim lines = map_.to[0] * height, grain = std::max<Dim>(1, 8192 / (out_row + 1));
    args.pool->parallel_for(lines, grain, lines * out_row, [&](Dim begin, Dim end) {
      for (Dim line = begin; line < end; ++line) {
        const Tap& row = map_.rows[line % height];
        const T* image = args.input<T>(0) + line / height * map_.from[1] * in_row;
        blend_row(image + row.low * in_row, image + row.high * in_row, static_cast<T>(row.fraction),
                  args.output<T>(0) + line * out_row);
      }
    });
  }

 private:
  void blend_row(const T* above, const T* below, T down, T* out) const {
    const Dim channels = map_.to[3];
    for (const Tap& column : map_.columns) {
      const T right = column.fraction;
      const T *a = above + column.low * channels, *b = above + column.high * channels;
      const T *c = below + column.low * channels, *d = below + column.high * channels;
      for (Dim i = 0; i < channels; ++i) {
        const T top = a[i] + (b[i] - a[i]) * right, bottom = c[i] + (d[i] - c[i]) * right;
        out[i] = top + (bottom - top) * down;
      }
      out += channels;
    }
  }

  Mapping map_;
};

// The transposed of a resize: each image is one thread's, in the order of the resized pixels.
template <class T, bool nearest>
class Backward : public Kernel {
 public:
  explicit Backward(const KernelRequest& r) : map_(r, nearest, true) {}

  void run(const RunArgs& args) const override {
    const Dim small = map_.from.elements(1, 4), large = map_.to.elements(1, 4);
    args.pool->parallel_for(map_.from[0], 1, map_.from[0] * (small / 4 + large),
                            [&](Dim begin, Dim end) {
                              for (Dim n = begin; n < end; ++n) {
                                T* out = args.output<T>(0) + n * small;
                                std::fill(out, out + small, T{});
                                const T* grad = args.input<T>(0) + n * large;
                                for (const Tap& row : map_.rows) grad = add_row(row, grad, out);
                              }
                            });
  }

 private:
  const T* add_row(const Tap& row, const T* grad, T* out) const {
    const Dim channels = map_.from[3], width = map_.from[2];
    const T down = row.fraction;
    for (const Tap& column : map_.columns) {
      const T right = column.fraction;
      const auto add = [&](Dim y, Dim x, T weight) {
        T* pixel = out + (y * width + x) * channels;
        for (Dim i = 0; i < channels; ++i) pixel[i] += weight * grad[i];
      };
      add(row.low, column.low, (1 - down) * (1 - right));
      if (right > 0) add(row.low, column.high, (1 - down) * right);
      if (down > 0) add(row.high, column.low, down * (1 - right));
      if (down > 0 && right > 0) add(row.high, column.high, down * right);
      grad += channels;
    }
    return grad;
  }

  Mapping map_;
};

std::unique_ptr<Kernel> make_nearest(const KernelRequest& r, std::string&) {
  return std::make_unique<Nearest>(r);
}

template <class F32, class F64>
std::unique_ptr<Kernel> make_float(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<F32>(r);
  if (r.in[0].dtype == DType::f64) return std::make_unique<F64>(r);
  refusal = "expected float32 or float64; got " + std::string(name_of(r.in[0].dtype));
  return nullptr;
}

const Candidate kNearest[] = {{"rows", make_nearest}, {"ref", ref::make_resize_nearest}};
const Candidate kBilinear[] = {{"rows", make_float<Bilinear<float>, Bilinear<double>>},
                               {"ref", ref::make_resize_bilinear}};
const Candidate kNearestGrad[] = {
    {"rows", make_float<Backward<float, true>, Backward<double, true>>},
    {"ref", ref::make_resize_nearest_grad}};
const Candidate kBilinearGrad[] = {
    {"rows", make_float<Backward<float, false>, Backward<double, false>>},
    {"ref", ref::make_resize_bilinear_grad}};

const OpKernels kKernels[] = {
    {"resize_nearest", kNearest},
    {"resize_bilinear", kBilinear},
    {"resize_nearest_grad", kNearestGrad},
    {"resize_bilinear_grad", kBilinearGrad},
};

}  // namespace

std::span<const OpKernels> resize_kernels() { return kKernels; }

}  // namespace kn::cpu
