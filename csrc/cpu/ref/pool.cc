#include <algorithm>
#include <vector>

#include "cpu/ref/window.h"

namespace kn::cpu::ref {

namespace {

struct PoolGeometry {
  Window window;
  Dim batch, channels;
  Dim in_size() const { return window.in_positions() * channels; }
  Dim out_size() const { return window.out_positions() * channels; }
};

PoolGeometry geometry(const KernelRequest& r) {
  const Shape& x = r.in[0].shape;
  return {make_window(x, r.attrs.ints("window"), r.attrs, r.op), x[0], x.back()};
}

// Number of cells inside the input, and input cells in order, of each window.
std::vector<std::vector<Dim>> cells_of_windows(const Window& w) {
  std::vector<std::vector<Dim>> cells(w.out_positions());
  for_each_tap(w, [&](Dim out, Dim, Dim in) { cells[out].push_back(in); });
  return cells;
}

// What happens at one output element, given the input cells of its window.
//   x, g: elements of one channel at cells * channels;  y: the output element, dx: gradients
template <class T>
struct MaxPool {
  static constexpr bool scatters = false;
  static void at(const T* x, const T*, T* y, const std::vector<Dim>& cells, Dim channels) {
    if (cells.empty()) {  // a window of padding alone
      *y = 0;
      return;
    }
    Dim best = cells[0];
    for (Dim c : cells)
      if (x[c * channels] > x[best * channels]) best = c;
    *y = x[best * channels];
  }
};

template <class T>
struct MaxPoolPick {
  static constexpr bool scatters = false;
  static void at(const T* x, const T* g, T* y, const std::vector<Dim>& cells, Dim channels) {
    if (cells.empty()) {
      *y = 0;
      return;
    }
    Dim best = cells[0];
    for (Dim c : cells)
      if (x[c * channels] > x[best * channels]) best = c;
    *y = g[best * channels];
  }
};

template <class T>
struct MaxPoolData {
  static constexpr bool scatters = true;
  static void at(const T* x, T dy, T* dx, const std::vector<Dim>& cells, Dim channels, bool relu) {
    if (cells.empty()) return;
    Dim best = cells[0];
    for (Dim c : cells)
      if (x[c * channels] > x[best * channels]) best = c;
    if (!relu || x[best * channels] > 0) dx[best * channels] += dy;
  }
};

template <class T>
struct AveragePool {
  static constexpr bool scatters = false;
  static void at(const T* x, const T*, T* y, const std::vector<Dim>& cells, Dim channels) {
    T sum = 0;
    for (Dim c : cells) sum += x[c * channels];
    *y = cells.empty() ? T(0) : sum / static_cast<T>(cells.size());
  }
};

template <class T>
struct AveragePoolData {
  static constexpr bool scatters = true;
  static void at(const T*, T dy, T* dx, const std::vector<Dim>& cells, Dim channels, bool) {
    for (Dim c : cells) dx[c * channels] += dy / static_cast<T>(cells.size());
  }
};

template <class T, template <class> class Rule>
class Pool : public Kernel {
 public:
  Pool(const PoolGeometry& g, int inputs, bool relu)
      : g_(g), inputs_(inputs), relu_(relu), cells_(cells_of_windows(g.window)) {}

  void run(const RunArgs& args) const override {
    T* out = args.output<T>(0);
    if constexpr (Rule<T>::scatters) std::fill(out, out + g_.batch * g_.in_size(), T(0));
    for (Dim n = 0; n < g_.batch; ++n)
      for (size_t o = 0; o < cells_.size(); ++o)
        for (Dim c = 0; c < g_.channels; ++c) {
          const Dim at = n * g_.out_size() + static_cast<Dim>(o) * g_.channels + c;
          const Dim image = n * g_.in_size() + c;
          const T* x = args.input<T>(0) + image;
          if constexpr (Rule<T>::scatters) {
            Rule<T>::at(x, args.input<T>(1)[at], out + image, cells_[o], g_.channels, relu_);
          } else {
            const T* g = inputs_ > 1 ? args.input<T>(1) + image : nullptr;
            Rule<T>::at(x, g, out + at, cells_[o], g_.channels);
          }
        }
  }

 private:
  PoolGeometry g_;
  int inputs_;
  bool relu_;
  std::vector<std::vector<Dim>> cells_;
};

template <template <class> class Rule>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string& refusal) {
  const int inputs = static_cast<int>(r.in.size());
  const bool relu = r.attrs.flag("relu", false);
  if (r.in[0].dtype == DType::f32)
    return std::make_unique<Pool<float, Rule>>(geometry(r), inputs, relu);
  if (r.in[0].dtype == DType::f64)
    return std::make_unique<Pool<double, Rule>>(geometry(r), inputs, relu);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_max_pool(const KernelRequest& r, std::string& refusal) {
  return make<MaxPool>(r, refusal);
}
std::unique_ptr<Kernel> make_max_pool_data(const KernelRequest& r, std::string& refusal) {
  return make<MaxPoolData>(r, refusal);
}
std::unique_ptr<Kernel> make_max_pool_pick(const KernelRequest& r, std::string& refusal) {
  return make<MaxPoolPick>(r, refusal);
}
std::unique_ptr<Kernel> make_average_pool(const KernelRequest& r, std::string& refusal) {
  return make<AveragePool>(r, refusal);
}
std::unique_ptr<Kernel> make_average_pool_data(const KernelRequest& r, std::string& refusal) {
  return make<AveragePoolData>(r, refusal);
}

}  // namespace kn::cpu::ref
