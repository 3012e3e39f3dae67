// The gradient of a convolution to its kernel in bfloat16 (cpu/conv_halves.h): sums over pixels,
// which are the steps of the products. Staged x is turned around, a channel's pixels side by side,
// so that any tap is the same memory some pixels further; dy has zeros where lines of x are longer
// than its own. Groups of units have a sum each, added in order at the end.
#include <algorithm>
#include <cstring>

#include "base/rounding.h"
#include "cpu/conv_bias.h"
#include "cpu/conv_halves.h"
#include "cpu/isa/gemm_halves.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kBlock = kHalvesBlock, kBlockFloats = kBlock * kBlock;
constexpr Dim kPixels = 768;  // of a unit, about
constexpr Dim kMostSums = 16, kSumBytes = 2 << 20;
constexpr Dim kWorthParts = 512 << 10;  // bytes of a kernel whose channels are shared out
constexpr Dim kParts = 4;

class ConvWeightsHalves : public Kernel {
 public:
  ConvWeightsHalves(const ConvGeometry& g, bool bias, DType result)
      : g_(g),
        bias_(bias),
        floats_(result == DType::f32),
        kernels_(table().gemm.halves->conv),
        gemm_(*table().gemm.halves),
        source_(g, false),
        filters_(g.group_filters()),
        panels_(ceil_div(filters_, kBlock)),
        slots_(global_pool().threads()) {
    choose_parts();
    choose_units();
    find_taps();
    const Dim bytes = blocks() * kBlockFloats * 4 * g.groups * parts_;
    sums_ = std::min(units_, std::clamp<Dim>(kSumBytes / std::max<Dim>(bytes, 1), 2, kMostSums));
    lay_out();
  }

  size_t workspace_bytes() const override { return slots_ * slot_bytes_ + sums_ * sum_bytes(); }

  void run(const RunArgs& args) const override {
    char* slots = static_cast<char*>(args.workspace);
    char* sums = slots + slots_ * slot_bytes_;
    const Dim pieces = g_.groups * parts_;
    const int64_t macs =
        g_.batch * g_.window.out_positions() * g_.window.taps() * g_.group_channels() * g_.filters;
    args.pool->run_chunks_in_slots(sums_ * pieces, macs / 250, slots_, [&](int64_t i, int slot) {
      add_units(args, i / pieces, i % pieces, sums, slots + slot * slot_bytes_);
    });
    write(args, reinterpret_cast<float*>(sums));
  }

 private:
  // Channels of a group that a piece of work takes; with many, dy is packed more than once.
  void choose_parts() {
    const Dim channels = source_.length();
    const Dim bytes = source_.merged() ? 0 : g_.window.taps() * channels * filters_ * 4;
    part_ = bytes > kWorthParts ? round_up(ceil_div(channels, kParts), kBlock) : channels;
    part_ = std::min(part_, channels);
    parts_ = ceil_div(channels, std::max<Dim>(part_, 1));
    if (part_ < channels) source_.narrow(part_);
  }

  // A band of lines, or images whose lines follow each other with those that their windows read
  // besides.
  void choose_units() {
    const Dim lines = std::max<Dim>(source_.axis(1).count(), 1);
    const Dim line = std::max<Dim>(source_.line(), 1);
    const Dim least = std::clamp<Dim>(2 * source_.axis(1).span, 1, lines);
    bands_ = ceil_div(lines, std::clamp<Dim>(kPixels / line, least, lines));
    band_ = ceil_div(lines, bands_);
    bands_ = ceil_div(lines, band_);
    const Dim plane = std::max<Dim>(source_.plane(band_), 1);
    images_ = bands_ > 1 || planes() > 1
                  ? 1
                  : std::clamp<Dim>(kPixels / plane, 1, std::max<Dim>(g_.batch / 2, 1));
    units_ = ceil_div(g_.batch, images_) * planes() * bands_;
    steps_ = round_up((images_ - 1) * source_.plane(band_) + band_ * source_.line(), kBlock);
  }

  struct Tap {
    Dim plane, shift;  // staged image, pixels
  };

  void find_taps() {
    for (const auto& d : source_.axis(0).phases[0].taps)
      for (const auto& h : source_.axis(1).phases[0].taps)
        for (const auto& w : source_.axis(2).phases[0].taps)
          taps_.push_back({source_.plane_of(d, h, w), h.shift * source_.line() + w.shift});
    for (Dim i = 0; i < steps_ / kBlock; ++i) at_.push_back(i * kBlock * 2);
  }

  Dim planes() const { return source_.axis(0).count(); }
  Dim row_blocks() const { return source_.pitch() / kBlock; }
  Dim taps() const { return static_cast<Dim>(taps_.size()); }
  // Of a piece: panels of filters, taps, blocks of channels.
  Dim blocks() const { return panels_ * taps() * row_blocks(); }
  Dim piece_floats() const { return blocks() * kBlockFloats + panels_ * kBlock; }
  size_t sum_bytes() const { return sizeof(float) * g_.groups * parts_ * piece_floats(); }

  void lay_out() {
    const StagedAxis &h = source_.axis(1), &w = source_.axis(2);
    // Pixels of a channel: those of the steps, those that taps read further on, and a block more;
    // not a multiple of 4096 bytes, so that rows of a tile meet in no set of the first cache.
    row_ = round_up(steps_ + h.span * source_.line() + w.span + 2 * kBlock, 2 * kBlock) + kBlock;
    row_ = std::max(row_, round_up(images_ * source_.plane(band_) + kBlock, 2 * kBlock) + kBlock);
    turned_ = aligned(2 * source_.elements(band_));
    flat_ = turned_ + aligned(2 * source_.planes() * source_.pitch() * row_);
    packed_ = flat_ + aligned(2 * steps_ * filters_);
    slot_bytes_ = packed_ + static_cast<size_t>(panels_ * steps_ / kBlock) * kHalvesPanelBytes;
  }

  void add_units(const RunArgs& args, Dim which, Dim piece, char* sums, char* slot) const {
    float* sum = reinterpret_cast<float*>(sums + which * sum_bytes()) + piece * piece_floats();
    float* bias = sum + blocks() * kBlockFloats;
    std::fill_n(bias, panels_ * kBlock, 0.0f);
    // Beyond what is staged products read numbers, times zeros of dy.
    std::memset(slot + turned_, 0, flat_ - turned_);
    const Dim first = units_ * which / sums_, last = units_ * (which + 1) / sums_;
    const Dim group = piece / parts_, channel = piece % parts_ * part_;
    gemm_.begin();
    for (Dim unit = first; unit < last; ++unit) {
      Unit u;
      u.from = unit % bands_ * band_;
      u.plane = unit / bands_ % planes();
      u.image = unit / bands_ / planes() * images_;
      u.images = std::min(images_, g_.batch - u.image);
      u.lines = std::min(band_, source_.axis(1).count() - u.from);
      fetch_source(args, u, group, channel, slot);
      fetch_gradient(args, u, group, slot, bias_ && channel == 0 ? bias : nullptr);
      multiply(slot, unit > first, std::min(part_, source_.length()), sum);
    }
    gemm_.end();
  }

  struct Unit {
    Dim image, images, plane, from, lines;
  };

  void fetch_source(const RunArgs& args, const Unit& u, Dim group, Dim channel, char* slot) const {
    auto* staged = reinterpret_cast<uint16_t*>(slot);
    auto* turned = reinterpret_cast<uint16_t*>(slot + turned_);
    const Dim image_size = g_.window.in_positions() * g_.channels, plane = source_.plane(band_);
    const Dim length =
        source_.merged() ? source_.length() : std::min(part_, g_.group_channels() - channel);
    for (Dim n = 0; n < u.images; ++n) {
      source_.fetch(kernels_, args.input<uint16_t>(0) + (u.image + n) * image_size, u.plane, u.from,
                    band_, group * g_.group_channels() + channel, length, staged);
      for (Dim i = 0; i < source_.planes(); ++i)
        kernels_.turn(plane, round_up(length, kBlock / 2), staged + i * plane * source_.pitch(),
                      source_.pitch(), turned + i * source_.pitch() * row_ + n * plane, row_);
    }
  }

  // dy as panels of steps, with zeros where lines of x go on.
  void fetch_gradient(const RunArgs& args, const Unit& u, Dim group, char* slot,
                      float* bias) const {
    auto* flat = reinterpret_cast<uint16_t*>(slot + flat_);
    const Dim line = source_.line(), written = source_.axis(2).written;
    const Dim lines = source_.axis(1).written;
    Dim at = 0;  // pixels
    const auto zeros = [&](Dim until) {
      std::fill_n(flat + at * filters_, (until - at) * filters_, uint16_t{0});
      at = until;
    };
    for (Dim n = 0; n < u.images; ++n) {
      zeros(n * source_.plane(band_));
      const uint16_t* dy =
          args.input<uint16_t>(1) +
          (((u.image + n) * planes() + u.plane) * lines + u.from) * written * g_.filters +
          group * filters_;
      if (bias) kernels_.add_rows(u.lines * written, filters_, dy, g_.filters, bias);
      for (Dim i = 0; i < u.lines; ++i, dy += written * g_.filters) {
        copy_pixels(dy, written, flat + at * filters_);
        at += written;
        zeros(at + line - written);
      }
    }
    zeros(steps_);
    for (Dim panel = 0; panel < panels_; ++panel)
      gemm_.pack_b(std::min(kBlock, filters_ - panel * kBlock), steps_, flat + panel * kBlock,
                   filters_, slot + packed_ + panel * steps_ / kBlock * kHalvesPanelBytes);
  }

  void copy_pixels(const uint16_t* from, Dim count, uint16_t* to) const {
    if (g_.groups == 1) {
      std::memcpy(to, from, sizeof(uint16_t) * count * filters_);
      return;
    }
    for (Dim i = 0; i < count; ++i)
      std::memcpy(to + i * filters_, from + i * g_.filters, sizeof(uint16_t) * filters_);
  }

  void multiply(const char* slot, bool adds, Dim rows, float* sum) const {
    const auto* turned = reinterpret_cast<const uint16_t*>(slot + turned_);
    for (Dim panel = 0; panel < panels_; ++panel)
      for (Dim block = 0; block < row_blocks(); ++block)
        for (Dim tap = 0; tap < taps(); ++tap) {
          const Dim from = (taps_[tap].plane * source_.pitch() + block * kBlock) * row_;
          float* to = sum + ((panel * taps() + tap) * row_blocks() + block) * kBlockFloats;
          kernels_
              .product[rows - block * kBlock > kBlock / 2][filters_ - panel * kBlock > kBlock / 2](
                  {turned + from + taps_[tap].shift, at_.data(), row_ * 2,
                   slot + packed_ + panel * steps_ / kBlock * kHalvesPanelBytes, steps_ / kBlock,
                   adds ? to : nullptr, to});
        }
  }

  // The sums of all units, added in order, as dw (taps, channels of a group, filters).
  void write(const RunArgs& args, float* sums) const {
    const Dim each = blocks(), count = g_.groups * parts_ * each;
    args.pool->parallel_for(count, 8, count * kBlockFloats * sums_ / 8,
                            [&](int64_t from, int64_t to) {
                              for (Dim i = from; i < to; ++i)
                                write_block(args, sums, i / each, i % each);
                            });
    for (Dim group = 0; bias_ && group < g_.groups; ++group) write_bias(args, sums, group);
  }

  Dim sum_floats() const { return static_cast<Dim>(sum_bytes() / sizeof(float)); }

  float* add_sums(float* first, Dim count) const {
    for (Dim i = 1; i < sums_; ++i) table().conv.f32.add(count, first + i * sum_floats(), first);
    return first;
  }

  void write_block(const RunArgs& args, float* sums, Dim piece, Dim index) const {
    const Dim block = index % row_blocks(), tap = index / row_blocks() % taps();
    const Dim panel = index / row_blocks() / taps();
    const Dim channel = piece % parts_ * part_ + block * kBlock;
    const Dim channels = source_.merged() ? source_.length() : g_.group_channels();
    const Dim rows = std::min({kBlock, part_ - block * kBlock, channels - channel});
    if (rows <= 0) return;
    const Dim at =
        (tap * channels + channel) * g_.filters + piece / parts_ * filters_ + panel * kBlock;
    finish(add_sums(sums + piece * piece_floats() + index * kBlockFloats, kBlockFloats), rows,
           panel, args.out[0], at);
  }

  void write_bias(const RunArgs& args, float* sums, Dim group) const {
    float* bias = add_sums(sums + group * parts_ * piece_floats() + blocks() * kBlockFloats,
                           panels_ * kBlock);
    for (Dim panel = 0; panel < panels_; ++panel)
      finish(bias + panel * kBlock, 1, panel, args.out[1], group * filters_ + panel * kBlock);
  }

  void finish(const float* block, Dim rows, Dim panel, void* out, Dim at) const {
    char* to = static_cast<char*>(out) + at * (floats_ ? 4 : 2);
    gemm_.finish(
        {block, rows, std::min(kBlock, filters_ - panel * kBlock), to, g_.filters, false, floats_});
  }

  ConvGeometry g_;
  bool bias_, floats_;  // whether the gradient to the bias is output 1; of float32 results
  const ConvHalves& kernels_;
  const GemmHalves& gemm_;
  StagedSource source_;
  Dim filters_, panels_;  // of a group, and panels of them
  int slots_;
  Dim part_ = 1, parts_ = 1;
  Dim bands_ = 1, band_ = 1, images_ = 1, units_ = 0, steps_ = 0, sums_ = 1;
  std::vector<Tap> taps_;
  std::vector<int64_t> at_;
  Dim row_ = 0;
  size_t turned_ = 0, flat_ = 0, packed_ = 0, slot_bytes_ = 0;
};

}  // namespace

template <>
std::unique_ptr<Kernel> make_conv_halves<ConvPass::weights>(const KernelRequest& r,
                                                            std::string& refusal) {
  const ConvGeometry g = geometry_of<ConvPass::weights>(r);
  if (!suits_halves(r, g, refusal)) return nullptr;
  return std::make_unique<ConvWeightsHalves>(g, wants_bias(r), r.out[0].dtype);
}

}  // namespace kn::cpu
