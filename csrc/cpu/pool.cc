// Pooling line by line of windows, images shared between threads. Which cell was the maximum is
// found again in the backward pass: reading x costs less than keeping indices.
#include <algorithm>

#include "cpu/families.h"
#include "cpu/isa/gemm_halves.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/window.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

enum class Rule { max, max_data, max_pick, average, average_data };
constexpr bool scatters(Rule r) { return r == Rule::max_data || r == Rule::average_data; }

template <class T>
const PoolKernels<T>& kernels_of(const PoolTable& t) {
  if constexpr (sizeof(T) == 2) return table().gemm.halves->pool;
  else if constexpr (sizeof(T) == 4) return t.f32;
  else return t.f64;
}

template <class T, Rule rule>
class Pool : public Kernel {
 public:
  Pool(const Window& window, Dim batch, Dim channels, bool relu)
      : window_(window),
        kernels_(kernels_of<T>(table().pool)),
        batch_(batch),
        channels_(channels),
        relu_(relu),
        slots_(global_pool().threads()) {
    for (const WindowAxis& a : window_.axes) {
      disjoint_ = disjoint_ && a.stride >= a.window && a.dilation == 1;
      covered_ = covered_ && a.stride == a.window && a.before + a.in <= a.out * a.stride;
    }
  }

  // Per thread: pointers to the cells of a window in two tensors.
  size_t workspace_bytes() const override { return slots_ * slot_bytes(); }

  void run(const RunArgs& args) const override {
    const int64_t cost = batch_ * window_.out_positions() * window_.taps() * (channels_ / 8 + 1);
    args.pool->run_chunks_in_slots(batch_, cost, slots_, [&](int64_t n, int slot) {
      image(args, n, static_cast<char*>(args.workspace) + slot * slot_bytes());
    });
  }

 private:
  size_t slot_bytes() const { return 2 * sizeof(void*) * static_cast<size_t>(window_.taps()); }

  void image(const RunArgs& args, Dim n, char* slot) const {
    const auto& [d, h, w] = window_.axes;
    const Dim in_size = window_.in_positions() * channels_;
    const Dim out_size = window_.out_positions() * channels_;
    Image image;
    image.x = args.input<T>(0) + n * in_size;
    image.y = args.output<T>(0) + n * (scatters(rule) ? in_size : out_size);
    if (rule == Rule::max_pick) image.other = args.input<T>(1) + n * in_size;
    if (scatters(rule)) image.other = image.y;
    const T* dy = scatters(rule) ? args.input<T>(1) + n * out_size : nullptr;
    image.cells = reinterpret_cast<const T**>(slot);
    if (scatters(rule) && !(disjoint_ && covered_)) std::fill_n(image.y, in_size, T(0));
    // Windows [from, to) of a line have all their cells of the last axis inside.
    const Dim reach = (w.window - 1) * w.dilation;
    const Dim from = std::min((w.before + w.stride - 1) / w.stride, w.out);
    const Dim room = w.in + w.before - reach;
    const Dim to = std::clamp<Dim>(room > 0 ? (room - 1) / w.stride + 1 : 0, from, w.out);
    const Dim height = h.out;
    for (Dim line = 0; line < d.out * height; ++line) {
      const Dim at = line * w.out;
      const auto run = [&](Dim first, Dim windows) {
        run_windows(image, line / height, line % height, first, windows,
                    (scatters(rule) ? nullptr : image.y + (at + first) * channels_),
                    dy ? dy + (at + first) * channels_ : nullptr);
      };
      for (Dim ow = 0; ow < from; ++ow) run(ow, 1);
      if (to > from) run(from, to - from);
      for (Dim ow = to; ow < w.out; ++ow) run(ow, 1);
    }
  }

  struct Image {
    const T* x = nullptr;
    T* y = nullptr;
    const T* other = nullptr;   // of x's shape: what is picked, or where gradients go
    const T** cells = nullptr;  // memory for pointers to the cells of a window, then to others
  };

  static Dim place(const WindowAxis& a, Dim out, Dim tap) {
    const Dim at = out * a.stride + tap * a.dilation - a.before;
    return at >= 0 && at < a.in ? at : -1;
  }

  // `windows` windows from (od, oh, ow) on that have the same taps inside.
  void run_windows(const Image& image, Dim od, Dim oh, Dim ow, Dim windows, T* y,
                   const T* dy) const {
    const auto& [d, h, w] = window_.axes;
    const T **a = image.cells, **b = a + window_.taps();
    PoolLine line{};
    for (Dim td = 0; td < d.window; ++td)
      for (Dim th = 0; th < h.window; ++th) {
        const Dim id = place(d, od, td), ih = place(h, oh, th);
        if (id < 0 || ih < 0) continue;
        for (Dim tw = 0; tw < w.window; ++tw) {
          const Dim iw = place(w, ow, tw);
          if (iw < 0) continue;
          const Dim at = ((id * h.in + ih) * w.in + iw) * channels_;
          a[line.count] = image.x + at;
          if (image.other) b[line.count] = image.other + at;
          ++line.count;
        }
      }
    if (line.count == 0) {  // windows of padding alone
      if (!scatters(rule)) std::fill_n(y, windows * channels_, T(0));
      return;
    }
    line.cells = reinterpret_cast<const void* const*>(a);
    line.g = reinterpret_cast<const void* const*>(b);
    line.dx = reinterpret_cast<void* const*>(const_cast<T**>(b));
    line.windows = windows;
    line.step = w.stride * channels_;
    line.channels = channels_;
    line.y = y;
    line.dy = dy;
    line.adds = !disjoint_;
    line.relu = relu_;
    if constexpr (rule == Rule::max) kernels_.max(line);
    if constexpr (rule == Rule::average) kernels_.average(line);
    if constexpr (rule == Rule::max_pick) kernels_.max_pick(line);
    if constexpr (rule == Rule::max_data) kernels_.max_data(line);
    if constexpr (rule == Rule::average_data) kernels_.average_data(line);
  }

  Window window_;
  const PoolKernels<T>& kernels_;
  Dim batch_, channels_;
  bool relu_;
  int slots_;
  bool disjoint_ = true, covered_ = true;  // no cell is under two windows; none is under no window
};

// Whether no cell is under two windows: sums of halves would be rounded at each.
bool are_apart(const Window& w) {
  return std::all_of(w.axes.begin(), w.axes.end(), [](const WindowAxis& a) {
    return a.stride >= (a.window - 1) * a.dilation + 1;
  });
}

template <Rule rule>
std::unique_ptr<Kernel> make_halves(const KernelRequest& r, std::string& refusal) {
  const Shape& x = r.in[0].shape;
  const Window w = make_window(x, r.attrs.ints("window"), r.attrs, r.op);
  if (r.in[0].dtype != DType::bf16) refusal = "not bfloat16";
  else if (!table().gemm.halves) refusal = "no tile multipliers";
  else if (scatters(rule) && !are_apart(w)) refusal = "windows overlap";
  if (!refusal.empty()) return nullptr;
  return std::make_unique<Pool<uint16_t, rule>>(w, x[0], x.back(), r.attrs.flag("relu", false));
}

template <Rule rule>
std::unique_ptr<Kernel> make_cells(const KernelRequest& r, std::string& refusal) {
  const Shape& x = r.in[0].shape;
  const Window w = make_window(x, r.attrs.ints("window"), r.attrs, r.op);
  const bool relu = r.attrs.flag("relu", false);
  if (r.in[0].dtype == DType::f32)
    return std::make_unique<Pool<float, rule>>(w, x[0], x.back(), relu);
  if (r.in[0].dtype == DType::f64)
    return std::make_unique<Pool<double, rule>>(w, x[0], x.back(), relu);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

const Candidate kMaxPool[] = {{"halves", make_halves<Rule::max>, true},
                              {"cells", make_cells<Rule::max>},
                              {"ref", ref::make_max_pool}};
const Candidate kMaxPoolData[] = {{"halves", make_halves<Rule::max_data>, true},
                                  {"cells", make_cells<Rule::max_data>},
                                  {"ref", ref::make_max_pool_data}};
const Candidate kMaxPoolPick[] = {{"halves", make_halves<Rule::max_pick>, true},
                                  {"cells", make_cells<Rule::max_pick>},
                                  {"ref", ref::make_max_pool_pick}};
const Candidate kAveragePool[] = {{"halves", make_halves<Rule::average>, true},
                                  {"cells", make_cells<Rule::average>},
                                  {"ref", ref::make_average_pool}};
const Candidate kAveragePoolData[] = {{"halves", make_halves<Rule::average_data>, true},
                                      {"cells", make_cells<Rule::average_data>},
                                      {"ref", ref::make_average_pool_data}};

const OpKernels kKernels[] = {{"max_pool", kMaxPool},
                              {"max_pool_data", kMaxPoolData},
                              {"max_pool_pick", kMaxPoolPick},
                              {"average_pool", kAveragePool},
                              {"average_pool_data", kAveragePoolData}};

}  // namespace

std::span<const OpKernels> pool_kernels() { return kKernels; }

}  // namespace kn::cpu
