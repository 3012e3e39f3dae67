// Pooling by the cells of each window, images shared between threads. Which cell was the maximum is
// found again in the backward pass: reading x costs less than keeping indices.
#include <algorithm>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/window.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

enum class Rule { max, max_data, max_pick, average, average_data };
constexpr bool scatters(Rule r) { return r == Rule::max_data || r == Rule::average_data; }

template <class T>
const PoolKernels<T>& kernels_of(const PoolTable& t) {
  if constexpr (sizeof(T) == 4) return t.f32;
  else return t.f64;
}

// Positions of the cells under one window that lie inside the input.
class CellFinder {
 public:
  explicit CellFinder(const Window& w) : w_(w) {}

  // Writes them in order to `cells`, returns their number.
  int64_t find(Dim out, Dim* cells) const {
    const auto& [d, h, w] = w_.axes;
    const Dim ow = out % w.out, oh = out / w.out % h.out, od = out / w.out / h.out;
    int64_t n = 0;
    for (Dim td = 0; td < d.window; ++td) {
      const Dim id = place(d, od, td);
      if (id < 0 || id >= d.in) continue;
      for (Dim th = 0; th < h.window; ++th) {
        const Dim ih = place(h, oh, th);
        if (ih < 0 || ih >= h.in) continue;
        for (Dim tw = 0; tw < w.window; ++tw) {
          const Dim iw = place(w, ow, tw);
          if (iw >= 0 && iw < w.in) cells[n++] = (id * h.in + ih) * w.in + iw;
        }
      }
    }
    return n;
  }

 private:
  static Dim place(const WindowAxis& a, Dim out, Dim tap) {
    return out * a.stride + tap * a.dilation - a.before;
  }
  const Window& w_;
};

template <class T, Rule rule>
class Pool : public Kernel {
 public:
  Pool(const Window& window, Dim batch, Dim channels)
      : window_(window),
        kernels_(kernels_of<T>(table().pool)),
        batch_(batch),
        channels_(channels),
        slots_(global_pool().threads()) {}

  // Per thread: positions of the cells of a window, and pointers to them in two tensors.
  size_t workspace_bytes() const override { return slots_ * slot_bytes(); }

  void run(const RunArgs& args) const override {
    const int64_t cost = batch_ * window_.out_positions() * window_.taps() * (channels_ / 8 + 4);
    args.pool->run_chunks_in_slots(batch_, cost, slots_, [&](int64_t n, int slot) {
      image(args, n, static_cast<char*>(args.workspace) + slot * slot_bytes());
    });
  }

 private:
  size_t slot_bytes() const { return 3 * 8 * static_cast<size_t>(window_.taps()); }

  void image(const RunArgs& args, Dim n, char* slot) const {
    const Dim taps = window_.taps(), cells = window_.out_positions();
    const Dim in_size = window_.in_positions() * channels_, out_size = cells * channels_;
    auto* found = reinterpret_cast<Dim*>(slot);
    auto** a = reinterpret_cast<const T**>(found + taps);
    auto** b = reinterpret_cast<const T**>(a + taps);
    const T* x = args.input<T>(0) + n * in_size;
    T* out = args.output<T>(0) + n * (scatters(rule) ? in_size : out_size);
    const T* other = rule == Rule::max || rule == Rule::average ? nullptr : args.input<T>(1);
    if (scatters(rule)) std::fill_n(out, in_size, T(0));
    const CellFinder finder(window_);
    for (Dim o = 0; o < cells; ++o) {
      const int64_t count = finder.find(o, found);
      T* y = out + o * channels_;
      if (count == 0) {  // a window of padding alone
        if (!scatters(rule)) std::fill_n(y, channels_, T(0));
        continue;
      }
      for (int64_t t = 0; t < count; ++t) a[t] = x + found[t] * channels_;
      const T* dy = scatters(rule) ? other + n * out_size + o * channels_ : nullptr;
      const T* base = scatters(rule) ? out : other + (other ? n * in_size : 0);
      if (rule != Rule::max && rule != Rule::average)
        for (int64_t t = 0; t < count; ++t) b[t] = base + found[t] * channels_;
      auto** dx = const_cast<T**>(b);
      if constexpr (rule == Rule::max) kernels_.max(a, count, y, channels_);
      if constexpr (rule == Rule::average) kernels_.average(a, count, y, channels_);
      if constexpr (rule == Rule::max_pick) kernels_.max_pick(a, count, b, y, channels_);
      if constexpr (rule == Rule::max_data) kernels_.max_data(a, count, dy, dx, channels_);
      if constexpr (rule == Rule::average_data) kernels_.average_data(dy, count, dx, channels_);
    }
  }

  Window window_;
  const PoolKernels<T>& kernels_;
  Dim batch_, channels_;
  int slots_;
};

template <Rule rule>
std::unique_ptr<Kernel> make_cells(const KernelRequest& r, std::string& refusal) {
  const Shape& x = r.in[0].shape;
  const Window w = make_window(x, r.attrs.ints("window"), r.attrs, r.op);
  if (r.in[0].dtype == DType::f32) return std::make_unique<Pool<float, rule>>(w, x[0], x.back());
  if (r.in[0].dtype == DType::f64) return std::make_unique<Pool<double, rule>>(w, x[0], x.back());
  refusal = "computes float32 and float64 only";
  return nullptr;
}

const Candidate kMaxPool[] = {{"cells", make_cells<Rule::max>}, {"ref", ref::make_max_pool}};
const Candidate kMaxPoolData[] = {{"cells", make_cells<Rule::max_data>},
                                  {"ref", ref::make_max_pool_data}};
const Candidate kMaxPoolPick[] = {{"cells", make_cells<Rule::max_pick>},
                                  {"ref", ref::make_max_pool_pick}};
const Candidate kAveragePool[] = {{"cells", make_cells<Rule::average>},
                                  {"ref", ref::make_average_pool}};
const Candidate kAveragePoolData[] = {{"cells", make_cells<Rule::average_data>},
                                      {"ref", ref::make_average_pool_data}};

const OpKernels kKernels[] = {{"max_pool", kMaxPool},
                              {"max_pool_data", kMaxPoolData},
                              {"max_pool_pick", kMaxPoolPick},
                              {"average_pool", kAveragePool},
                              {"average_pool_data", kAveragePoolData}};

}  // namespace

std::span<const OpKernels> pool_kernels() { return kKernels; }

}  // namespace kn::cpu
