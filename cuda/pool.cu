// Pooling over windows and its gradients. Gradients are gathered: a cell of the input asks every
// window that covers it, so that no two threads add to one place.
#include "each.h"
#include "families.h"
#include "window.h"

namespace kn::cuda {

namespace {

struct Images {
  DeviceWindow window;
  int64_t batch, channels;

  // Of the window at `out`: the input position of the first largest element, -1 where all of it is
  // padding. x: the image's elements of one channel.
  template <class T>
  __device__ int64_t largest(const T* x, const Cell3& out) const {
    int64_t best = -1;
    for (int64_t t = 0; t < window.taps; ++t) {
      const int64_t at = window.under(out, window.tap(t));
      if (at >= 0 && (best < 0 || x[at * channels] > x[best * channels])) best = at;
    }
    return best;
  }

  __device__ int64_t covered(const Cell3& out) const {
    int64_t count = 0;
    for (int64_t t = 0; t < window.taps; ++t) count += window.under(out, window.tap(t)) >= 0;
    return count;
  }
};

// An element of (N, positions, C).
struct Element {
  int64_t image, position, channel;
  __device__ Element(int64_t i, int64_t positions, int64_t channels)
      : image(i / channels / positions),
        position(i / channels % positions),
        channel(i % channels) {}
};

// The largest element of each window, or the element of g at its place.
template <class T>
struct MaxForward {
  Images m;
  const T *x, *g;
  T* y;
  __device__ void operator()(int64_t i) const {
    const Element e(i, m.window.out_positions, m.channels);
    const int64_t first = e.image * m.window.in_positions * m.channels + e.channel;
    const int64_t best = m.largest(x + first, m.window.out_cell(e.position));
    y[i] = best < 0 ? T(0) : (g ? g : x)[first + best * m.channels];
  }
};

template <class T>
struct AverageForward {
  Images m;
  const T* x;
  T* y;
  __device__ void operator()(int64_t i) const {
    const Element e(i, m.window.out_positions, m.channels);
    const T* image = x + e.image * m.window.in_positions * m.channels + e.channel;
    const Cell3 out = m.window.out_cell(e.position);
    T sum = 0;
    int64_t count = 0;
    for (int64_t t = 0; t < m.window.taps; ++t) {
      const int64_t at = m.window.under(out, m.window.tap(t));
      if (at < 0) continue;
      sum += image[at * m.channels];
      ++count;
    }
    y[i] = count ? sum / static_cast<T>(count) : T(0);
  }
};

// Every window that covers this cell gives its gradient (max: if its largest element is here) or a
// share of it (average).
template <class T>
struct Backward {
  Images m;
  const T *x, *dy;
  T* dx;
  bool average, relu;  // relu: x is one's result, and nothing passes where that is not above 0
  __device__ void operator()(int64_t i) const {
    const Element e(i, m.window.in_positions, m.channels);
    const T* image = x + e.image * m.window.in_positions * m.channels + e.channel;
    const Cell3 in = m.window.in_cell(e.position);
    T sum = 0;
    // Taps downwards: windows in rising order.
    for (int64_t t = m.window.taps - 1; t >= 0; --t) {
      const int64_t out = m.window.reached(in, m.window.tap(t));
      if (out < 0) continue;
      const T g = dy[(e.image * m.window.out_positions + out) * m.channels + e.channel];
      const Cell3 cell = m.window.out_cell(out);
      if (average) sum += g / static_cast<T>(m.covered(cell));
      else if (m.largest(image, cell) == e.position &&
               (!relu || image[e.position * m.channels] > 0))
        sum += g;
    }
    dx[i] = sum;
  }
};

enum class Rule { max, max_data, max_pick, average, average_data };

template <class T, Rule rule>
class Pool : public Kernel {
 public:
  Pool(const KernelRequest& r, const Window& w)
      : m_{DeviceWindow(w), r.in[0].shape[0], r.in[0].shape.back()},
        count_(r.out[0].shape.elements()),
        relu_(r.attrs.flag("relu", false)) {}
  void run(const RunArgs& args) const override {
    const T* x = args.input<T>(0);
    T* out = args.output<T>(0);
    if constexpr (rule == Rule::max) each(args, count_, MaxForward<T>{m_, x, nullptr, out});
    else if constexpr (rule == Rule::max_pick)
      each(args, count_, MaxForward<T>{m_, x, args.input<T>(1), out});
    else if constexpr (rule == Rule::average) each(args, count_, AverageForward<T>{m_, x, out});
    else
      each(args, count_,
           Backward<T>{m_, x, args.input<T>(1), out, rule == Rule::average_data, relu_});
  }

 private:
  Images m_;
  int64_t count_;
  bool relu_;
};

template <Rule rule>
std::unique_ptr<Kernel> make_pool(const KernelRequest& r, std::string& refusal) {
  const Window w = make_window(r.in[0].shape, r.attrs.ints("window"), r.attrs, r.op);
  if (r.in[0].dtype == DType::f32) return std::make_unique<Pool<float, rule>>(r, w);
  if (r.in[0].dtype == DType::f64) return std::make_unique<Pool<double, rule>>(r, w);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

const Candidate kMax[] = {{"cells", make_pool<Rule::max>}};
const Candidate kMaxData[] = {{"gathered", make_pool<Rule::max_data>}};
const Candidate kMaxPick[] = {{"cells", make_pool<Rule::max_pick>}};
const Candidate kAverage[] = {{"cells", make_pool<Rule::average>}};
const Candidate kAverageData[] = {{"gathered", make_pool<Rule::average_data>}};

const OpKernels kKernels[] = {{"max_pool", kMax},
                              {"max_pool_data", kMaxData},
                              {"max_pool_pick", kMaxPick},
                              {"average_pool", kAverage},
                              {"average_pool_data", kAverageData}};

}  // namespace

std::span<const OpKernels> pool_kernels() { return kKernels; }

}  // namespace kn::cuda
