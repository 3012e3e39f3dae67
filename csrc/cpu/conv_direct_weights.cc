// Gradient of a convolution to its kernel, without columns: for each tap (or row of taps) a tile of
// input channels x output channels stays in registers while the pixels of a band of lines go by.
// Groups of bands have a sum each, added in order at the end, so threads never show in the result.
// Few output channels are the rows of tiles instead (one: rows of pixels are added up), and
// their sums lie transposed until the end: (row of taps, output channel, tap and input channel).
#include <algorithm>
#include <utility>

#include "cpu/conv.h"
#include "cpu/conv_bias.h"
#include "cpu/conv_lines.h"
#include "cpu/conv_tiles.h"
#include "cpu/dot_kernels.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kBandBytes = 512 << 10;  // of x and dy: large kernels go by once per band
constexpr Dim kLeastBands = 4;         // to share out
constexpr Dim kMostSums = 16, kSumBytes = 2 << 20;
constexpr Dim kFewest = 4;              // output channels
constexpr Dim kWorthParts = 256 << 10;  // bytes of a kernel whose rows of taps are shared out too

template <class T>
class DirectWeights : public Kernel {
 public:
  DirectWeights(const ConvGeometry& g, bool bias)
      : g_(g),
        bias_(bias),
        lines_(g, false),
        kernels_(conv_kernels_of<T>()),
        in_(g.group_channels()),
        out_(g.group_filters()),
        width_(2 * kernels_.lanes),
        height_(band_height()),
        bands_((lines_.out(1) + height_ - 1) / height_),
        band_(lines_, g.channels, height_),
        depthwise_(is_depthwise(g)),
        narrow_(is_narrow()),
        units_(g.batch * lines_.out(0) * bands_),
        weights_(g.window.taps() * in_ * g.filters),
        slots_(global_pool().threads()) {
    const Dim bytes = std::max<Dim>(weights_ * static_cast<Dim>(sizeof(T)), 1);
    sums_ = std::min(units_, std::clamp<Dim>(kSumBytes / bytes, 2, kMostSums));
    parts_ = bytes > kWorthParts && !depthwise_ ? lines_.taps(0) * lines_.taps(1) : 1;
    band_bytes_ = aligned(sizeof(T) * band_.elements());
    slot_bytes_ = band_bytes_ + aligned(sizeof(ConvRun) * 2 * height_);
  }

  size_t workspace_bytes() const override {
    const Dim kept = turns() ? sums_ : sums_ - 1;
    return slots_ * slot_bytes_ + (kept > 0 ? kept * sum_bytes() : 0);
  }

  void run(const RunArgs& args) const override {
    auto* slots = static_cast<char*>(args.workspace);
    T* out = args.output<T>(0);
    T* bias = bias_ ? args.output<T>(1) : nullptr;
    if (units_ == 0) {
      std::fill_n(out, weights_, T(0));
      if (bias_) std::fill_n(bias, g_.filters, T(0));
      return;
    }
    const auto sum = [&](Dim i) {
      if (turns()) i += 1;
      return i == 0 ? out
                    : reinterpret_cast<T*>(slots + slots_ * slot_bytes_ + (i - 1) * sum_bytes());
    };
    const int64_t macs = g_.batch * g_.window.out_positions() * weights_;
    args.pool->run_chunks_in_slots(sums_ * parts_, macs / (sizeof(T) == 4 ? 100 : 50), slots_,
                                   [&](int64_t i, int slot) {
                                     const Dim which = i / parts_;
                                     add_units(args, which, i % parts_, sum(which),
                                               which == 0 || !bias_ ? bias : sum(which) + weights_,
                                               slots + slot * slot_bytes_);
                                   });
    args.pool->parallel_for(weights_, 4096, weights_ * sums_ / 8, [&](int64_t from, int64_t to) {
      for (Dim i = 1; i < sums_; ++i) kernels_.add(to - from, sum(i) + from, sum(0) + from);
    });
    if (turns()) turn(sum(0), out);
    for (Dim i = 1; bias_ && i < sums_; ++i) kernels_.add(g_.filters, sum(i) + weights_, bias);
  }

 private:
  // Whether the inputs under a row of taps fill vectors better than the output channels.
  bool is_narrow() const {
    if (g_.groups > 1 || out_ > kernels_.lanes) return false;
    return taps_row() >= (out_ <= kFewest ? 1 : 2) * kernels_.lanes;
  }
  // Numbers of a kernel's row of taps per output channel.
  Dim taps_row() const { return lines_.taps(2) * in_; }
  // Whether sums lie transposed; those of one output channel lie as they should anyway.
  bool turns() const { return narrow_ && out_ > 1; }
  void turn(const T* sum, T* out) const {
    const Dim row = taps_row();
    for (Dim at = 0; at < weights_; at += row * out_)
      for (Dim f = 0; f < out_; ++f)
        for (Dim i = 0; i < row; ++i) out[at + i * out_ + f] = sum[at + f * row + i];
  }

  size_t sum_bytes() const { return aligned(sizeof(T) * (weights_ + (bias_ ? g_.filters : 0))); }

  Dim band_height() const {
    const Dim lines = std::max<Dim>(lines_.out(1), 1);
    const Dim bytes =
        static_cast<Dim>(sizeof(T)) *
        (lines_.in(2) * g_.channels * g_.window[1].stride + lines_.out(2) * g_.filters);
    const Dim fitting = kBandBytes / std::max<Dim>(bytes, 1);
    const Dim shared = (lines * g_.batch * lines_.out(0) + kLeastBands - 1) / kLeastBands;
    const Dim most = std::max<Dim>(std::min(fitting, shared), 1);
    const Dim bands = (lines + most - 1) / most;
    return (lines + bands - 1) / bands;
  }

  // The units of one sum, all of its kernel or the part of one row of taps. The first part also
  // sums the bias, if any.
  void add_units(const RunArgs& args, Dim which, Dim part, T* sum, T* bias, char* slot) const {
    const Dim first = units_ * which / sums_, last = units_ * (which + 1) / sums_;
    const Dim image_size = g_.window.in_positions() * g_.channels;
    const Dim line_size = lines_.out(2) * g_.filters;
    Band band{band_, reinterpret_cast<ConvRun*>(slot + band_bytes_)};
    for (Dim unit = first; unit < last; ++unit) {
      const Dim plane_index = unit / bands_, plane = plane_index % lines_.out(0);
      band.from = unit % bands_ * height_;
      band.to = std::min(band.from + height_, lines_.out(1));
      band.first = unit == first;
      band.x.fetch(args.input<T>(0) + plane_index / lines_.out(0) * image_size, plane, band.from,
                   band.to, reinterpret_cast<T*>(slot));
      band.dy = args.input<T>(1) + (plane_index * lines_.out(1) + band.from) * line_size;
      const Dim rows = lines_.taps(0) * lines_.taps(1);
      if (bias_ && part == 0)
        sum_rows(kernels_, band.dy, (band.to - band.from) * lines_.out(2), g_.filters, g_.filters,
                 bias, !band.first);
      if (depthwise_ && band.first) std::fill_n(sum, weights_, T(0));
      for (Dim row = part * rows / parts_; row < (part + 1) * rows / parts_; ++row)
        add_row(band, row, sum);
    }
  }

  struct Band {
    LineBand x;
    ConvRun* runs;  // of the whole band; behind them, shifted ones for the tiles at work
    Dim from = 0, to = 0;
    bool first = false;
    const T* dy = nullptr;
  };

  // The taps of one row: (td, th) and all of the last axis.
  void add_row(const Band& band, Dim row, T* sum) const {
    const Dim td = row / lines_.taps(1), th = row % lines_.taps(1);
    const Dim line_size = lines_.out(2) * g_.filters;
    ConvPile pile;
    pile.run_count = 0;
    for (Dim line = band.from; line < band.to; ++line)
      if (const T* x = band.x.template line<T>(line, td, th))
        band.runs[pile.run_count++] = {x, band.dy + (line - band.from) * line_size, lines_.out(2)};
    if (depthwise_)
      return add_depthwise(band, pile.run_count, sum + row * lines_.taps(2) * in_ * g_.filters);
    if (pile.run_count == 0 && !band.first) return;
    pile.a_row = 1;
    pile.a_step = lines_.pixel_step() * g_.channels;
    pile.b_step = pile.c_row = g_.filters;
    if (narrow_) {
      std::swap(pile.a_step, pile.b_step);
      pile.c_row = taps_row();
    }
    pile.accumulate = !band.first;
    pile.bias = nullptr;
    pile.relu = false;
    for (const TapRun& taps : lines_.combs()[0].runs) {
      if (narrow_) {
        add_narrow(band, pile, taps, sum + row * taps_row() * out_ + taps.tap * in_);
        continue;
      }
      for (Dim group = 0; group < g_.groups; ++group)
        for (Dim from = 0; from < out_; from += width_)
          add_tiles(band, pile, taps, group, from,
                    sum + (row * lines_.taps(2) + taps.tap) * in_ * g_.filters);
    }
  }

  // All output channels as rows, the input channels under `taps` as columns.
  void add_narrow(const Band& band, ConvPile pile, const TapRun& taps, T* sum) const {
    ConvRun* runs = band.runs + height_;
    const Dim columns = taps.taps * in_;
    if (out_ == 1) {
      if (pile.run_count == 0) std::fill_n(sum, columns, T(0));
      for (Dim i = 0; i < pile.run_count; ++i)
        dot_kernels_of<T>().combine(band.runs[i].steps, columns,
                                    static_cast<const T*>(band.runs[i].a) + taps.at * g_.channels,
                                    pile.b_step, static_cast<const T*>(band.runs[i].b),
                                    pile.accumulate || i > 0, sum);
      return;
    }
    for (Dim from = 0; from < columns; from += width_) {
      for (Dim i = 0; i < pile.run_count; ++i)
        runs[i] = {band.runs[i].b,
                   static_cast<const T*>(band.runs[i].a) + taps.at * g_.channels + from,
                   band.runs[i].steps};
      pile.c = sum + from;
      run_tiles(kernels_, pile, runs, out_, std::min(width_, columns - from));
    }
  }

  // One row of taps of each channel's own filter.
  void add_depthwise(const Band& band, Dim lines, T* sum) const {
    const WindowAxis& w = g_.window[2];
    DepthwiseWeights d;
    d.w = sum;
    d.taps = w.window;
    d.a_tap = w.dilation * g_.channels;
    d.pixels = w.out;
    d.channels = d.b_step = g_.channels;
    d.a_step = w.stride * g_.channels;
    for (Dim i = 0; i < lines; ++i) {
      d.a = static_cast<const T*>(band.runs[i].a) - w.before * g_.channels;
      d.b = band.runs[i].b;
      kernels_.depthwise_weights(d);
    }
  }

  // Output channels [from, from + width) of a group, all input channels under `taps`.
  void add_tiles(const Band& band, ConvPile pile, const TapRun& taps, Dim group, Dim from,
                 T* sum) const {
    ConvRun* runs = band.runs + height_;
    for (Dim i = 0; i < pile.run_count; ++i)
      runs[i] = {static_cast<const T*>(band.runs[i].a) + taps.at * g_.channels + group * in_,
                 static_cast<const T*>(band.runs[i].b) + group * out_ + from, band.runs[i].steps};
    pile.c = sum + group * out_ + from;
    run_tiles(kernels_, pile, runs, taps.taps * in_, std::min(width_, out_ - from));
  }

  ConvGeometry g_;
  bool bias_;
  ConvLines lines_;
  const ConvKernels<T>& kernels_;
  Dim in_, out_;  // channels of a group
  Dim width_, height_, bands_;
  LineBand band_;
  bool depthwise_, narrow_;
  Dim units_, weights_;
  int slots_;
  Dim sums_, parts_;
  size_t band_bytes_, slot_bytes_;
};

}  // namespace

std::unique_ptr<Kernel> make_conv_weights_direct(const KernelRequest& r, std::string& refusal) {
  const ConvGeometry g = geometry_of<ConvPass::weights>(r);
  if (!fits_lines(g, false, r.in[0].dtype, refusal)) return nullptr;
  return make_float_kernel<DirectWeights>(r.in[0].dtype, refusal, g, wants_bias(r));
}

}  // namespace kn::cpu
