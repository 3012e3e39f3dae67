// Convolution without columns: the sum of an output pixel runs over the taps of the window, and for
// each tap (or each row of taps: with channels last these are one piece of memory) over channels.
// The gradient to the input is the same walk over the gradient of the output, with the kernel
// turned around; for strides, one walk for each residue of the position. The kernel is packed once
// per run into panels of two vectors of output channels, or of four channels where few would leave
// vectors empty: then vectors run along the sums (isa/dots.isa.cc). Threads take bands of lines of
// an image, and where the kernel exceeds the second cache, some of its panels for all bands before
// the next.
#include <algorithm>

#include "cpu/conv.h"
#include "cpu/conv_epilogue.h"
#include "cpu/conv_lines.h"
#include "cpu/conv_tiles.h"
#include "cpu/dot_kernels.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kPartBytes = 1 << 20;  // of panels that stay in the second cache
constexpr Dim kLongSum = 16;         // vectors

// Whether sums run along memory: output channels do not fill a vector, and neighbouring taps of the
// last axis and their input channels do. A few more channels need longer sums.
template <class T>
bool is_narrow(const ConvGeometry& g, bool adjoint) {
  const WindowAxis& across = g.window[2];
  const bool dense = across.dilation == 1 && (!adjoint || across.stride == 1);
  const Dim in = adjoint ? g.filters : g.channels, out = adjoint ? g.channels : g.filters;
  const Dim lanes = dot_kernels_of<T>().lanes, run = in * (dense ? across.window : 1);
  if (g.groups > 1 || out < 1) return false;
  if (out <= kDotColumns) return run >= lanes;
  return 4 * out <= 3 * lanes && run >= 2 * lanes && g.window.taps() * in >= kLongSum * lanes;
}

template <class T>
class Direct : public Kernel {
 public:
  Direct(const ConvGeometry& g, bool adjoint, const ConvEpilogue<T>& epilogue, bool masks)
      : g_(g),
        lines_(g, adjoint),
        epilogue_(epilogue),
        masks_(masks),
        kernels_(conv_kernels_of<T>()),
        narrow_(is_narrow<T>(g, adjoint)),
        in_(adjoint ? g.group_filters() : g.group_channels()),
        out_(adjoint ? g.group_channels() : g.group_filters()),
        width_(narrow_ ? kDotColumns : 2 * kernels_.lanes),
        panels_((out_ + width_ - 1) / width_),
        parts_(part_count()),
        packs_(adjoint || narrow_ || g.groups > 1 || out_ > width_),
        height_(lines_.band_height(g.batch, in_ * g.groups * static_cast<Dim>(sizeof(T)))),
        bands_((lines_.out(1) + height_ - 1) / height_),
        band_(lines_, in_ * g.groups, height_),
        slots_(global_pool().threads()) {
    band_bytes_ = aligned(sizeof(T) * band_.elements());
    runs_ = g.window.taps();
    slot_bytes_ = band_bytes_ + aligned(sizeof(ConvRun) * runs_);
  }

  size_t workspace_bytes() const override { return slots_ * slot_bytes_ + packed_bytes(); }

  void run(const RunArgs& args) const override {
    auto* slots = static_cast<char*>(args.workspace);
    const T* weights = args.input<T>(1);
    if (packs_) {
      weights = reinterpret_cast<T*>(slots + slots_ * slot_bytes_);
      pack(args, const_cast<T*>(weights));
    }
    const Dim bands = g_.batch * lines_.out(0) * bands_;
    const int64_t macs = bands * height_ * lines_.out(2) * in_ * out_ * g_.groups *
                         g_.window.taps() / (lines_.adjoint() ? strides() : 1);
    args.pool->run_chunks_in_slots(
        parts_ * bands, macs / (sizeof(T) == 4 ? 100 : 50), slots_, [&](int64_t unit, int slot) {
          compute(args, weights, unit / bands, unit % bands, slots + slot * slot_bytes_);
        });
  }

 private:
  Dim strides() const { return g_.window[0].stride * g_.window[1].stride * g_.window[2].stride; }

  Dim part_count() const {
    const Dim all = g_.groups * panels_, bytes = depth() * width_ * static_cast<Dim>(sizeof(T));
    const Dim fitting = std::max<Dim>(kPartBytes / std::max<Dim>(bytes, 1), 1);
    return std::max<Dim>((all + fitting - 1) / fitting, 1);
  }

  // Columns of panel p, and its row: whole vectors.
  Dim columns(Dim panel) const { return std::min(width_, out_ - panel * width_); }
  Dim panel_row(Dim panel) const {
    if (!packs_) return g_.filters;
    if (narrow_) return columns(panel);
    return (columns(panel) + kernels_.lanes - 1) / kernels_.lanes * kernels_.lanes;
  }
  Dim depth() const { return g_.window.taps() * in_; }
  Dim group_elements() const { return depth() * ((panels_ - 1) * width_ + panel_row(panels_ - 1)); }
  size_t packed_bytes() const {
    return packs_ && panels_ > 0 ? sizeof(T) * g_.groups * group_elements() : 0;
  }

  // Row `tap * in + i` of a panel is what input channel i contributes through that tap; panels of
  // narrow kernels lie transposed.
  void pack(const RunArgs& args, T* packed) const {
    const Dim taps = g_.window.taps(), items = g_.groups * panels_ * taps;
    args.pool->parallel_for(items, 4, items * in_ * width_ / 8, [&](int64_t from, int64_t to) {
      for (Dim item = from; item < to; ++item)
        pack_tap(args.input<T>(1), packed, item / (panels_ * taps), item / taps % panels_,
                 item % taps);
    });
  }

  void pack_tap(const T* w, T* packed, Dim group, Dim panel, Dim place) const {
    const Dim across = g_.window[2].window, last = place % across;
    const Dim tap = place - last + lines_.tap_at(last), row = panel_row(panel),
              count = columns(panel), first = panel * width_;
    T* to = packed + group * group_elements() + depth() * first + place * in_ * row;
    const T* from = w + tap * g_.group_channels() * g_.filters + group * g_.group_filters();
    if (narrow_) {
      const Dim output = lines_.adjoint() ? g_.filters : 1, input = lines_.adjoint() ? 1 : out_;
      to = packed + depth() * first + place * in_;
      for (Dim o = 0; o < count; ++o)
        for (Dim i = 0; i < in_; ++i) to[o * depth() + i] = from[(first + o) * output + i * input];
      return;
    }
    if (lines_.adjoint()) {
      from += first * g_.filters;
      if (count < row) std::fill_n(to, in_ * row, T(0));
      const auto& gemm = [&]() -> const GemmKernels<T>& {
        if constexpr (sizeof(T) == 4) return table().gemm.f32;
        else return table().gemm.f64;
      }();
      gemm.transpose(count, in_, from, g_.filters, to, row);
      return;
    }
    from += first;
    for (Dim i = 0; i < in_; ++i, from += g_.filters, to += row) {
      std::copy_n(from, count, to);
      std::fill(to + count, to + row, T(0));
    }
  }

  void compute(const RunArgs& args, const T* weights, Dim part, Dim unit, char* slot) const {
    const Dim image = unit / (bands_ * lines_.out(0)), plane = unit / bands_ % lines_.out(0);
    const Dim from = unit % bands_ * height_, to = std::min(from + height_, lines_.out(1));
    const Dim in_channels = in_ * g_.groups, out_channels = out_ * g_.groups;
    LineBand band = band_;
    band.fetch(args.input<T>(0) + image * lines_.in(0) * lines_.in(1) * lines_.in(2) * in_channels,
               plane, from, to, reinterpret_cast<T*>(slot));
    const Dim line_size = lines_.out(2) * out_channels;
    T* out =
        args.output<T>(0) + ((image * lines_.out(0) + plane) * lines_.out(1) + from) * line_size;
    Piece piece{band, reinterpret_cast<ConvRun*>(slot + band_bytes_), epilogue_.bias(args)};
    const Dim all = g_.groups * panels_, until = all * (part + 1) / parts_;
    for (Dim i = all * part / parts_; i < until; ++i) {
      piece.group = i / panels_;
      piece.panel = i % panels_;
      piece.weights =
          packs_ ? weights + piece.group * group_elements() + depth() * piece.panel * width_
                 : weights;
      for (Dim line = from; line < to; ++line)
        for (const Comb& comb : lines_.combs())
          compute_comb(piece, comb, line, out + (line - from) * line_size);
    }
    finish(args, out, (to - from) * lines_.out(2), first_channel(all * part / parts_),
           first_channel(until));
  }

  // The first output channel of a panel, counted through all groups.
  Dim first_channel(Dim i) const {
    return panels_ == 0 ? 0 : i / panels_ * out_ + i % panels_ * width_;
  }

  // What tiles do not do, for channels [from, until) of the next `pixels`.
  void finish(const RunArgs& args, T* out, Dim pixels, Dim from, Dim until) const {
    const Dim channels = out_ * g_.groups;
    if (parts_ == 1) from = 0, until = pixels * channels, pixels = 1;
    for (Dim p = 0; p < pixels; ++p) {
      T* at = out + p * channels + from;
      epilogue_.activate(at, until - from);
      if (masks_) mask_by_relu(at, args.input<T>(2) + (at - args.output<T>(0)), until - from);
    }
  }

  struct Piece {
    const LineBand& band;
    ConvRun* runs;
    const T* bias;
    Dim group = 0, panel = 0;
    const T* weights = nullptr;
  };

  void compute_comb(const Piece& piece, const Comb& comb, Dim line, T* out) const {
    const Dim in_channels = in_ * g_.groups, first = piece.group * out_ + piece.panel * width_;
    ConvPile pile;
    pile.run_count = find_runs(piece, comb, line);
    pile.a_row = lines_.pixel_step() * in_channels;
    pile.a_step = 1;
    pile.b_step = narrow_ ? depth() : panel_row(piece.panel);
    pile.c_row = comb.step * out_ * g_.groups;
    pile.accumulate = false;
    pile.bias = piece.bias ? piece.bias + first : nullptr;
    pile.relu = epilogue_.relu();
    pile.c = out + comb.first * out_ * g_.groups + first;
    if (narrow_) {
      pile.runs = piece.runs;
      pile.tiles = comb.count;
      return dot_kernels_of<T>().dots[columns(piece.panel) - 1](pile);
    }
    run_tiles(kernels_, pile, piece.runs, comb.count, columns(piece.panel));
  }

  Dim find_runs(const Piece& piece, const Comb& comb, Dim line) const {
    const Dim in_channels = in_ * g_.groups, row = narrow_ ? 1 : panel_row(piece.panel);
    Dim count = 0, tap = 0;
    for (Dim td = 0; td < lines_.taps(0); ++td)
      for (Dim th = 0; th < lines_.taps(1); ++th, tap += lines_.taps(2)) {
        const T* source = piece.band.template line<T>(line, td, th);
        if (!source) continue;
        source += piece.group * in_;
        for (const TapRun& run : comb.runs)
          piece.runs[count++] = {source + run.at * in_channels,
                                 piece.weights + (tap + run.tap) * in_ * row, run.taps * in_};
      }
    return count;
  }

  ConvGeometry g_;
  ConvLines lines_;
  ConvEpilogue<T> epilogue_;
  bool masks_;  // of a gradient: the input was the result of a relu, which is input 2
  const ConvKernels<T>& kernels_;
  bool narrow_;
  Dim in_, out_;  // channels of a group
  Dim width_, panels_, parts_;
  bool packs_;
  Dim height_, bands_;
  LineBand band_;
  int slots_;
  Dim runs_;
  size_t band_bytes_, slot_bytes_;
};

template <class T>
std::unique_ptr<Kernel> make_of(const KernelRequest& r, const ConvGeometry& g, bool adjoint,
                                std::string& refusal) {
  ConvEpilogue<T> epilogue;
  if (!adjoint && !parse_epilogue(r, epilogue, refusal)) return nullptr;
  return std::make_unique<Direct<T>>(g, adjoint, epilogue, adjoint && masks_by_relu(r));
}

std::unique_ptr<Kernel> make(const KernelRequest& r, const ConvGeometry& g, bool adjoint,
                             std::string& refusal) {
  const DType dtype = r.in[0].dtype;
  if (!fits_lines(g, adjoint, dtype, refusal)) return nullptr;
  if (dtype == DType::f32) return make_of<float>(r, g, adjoint, refusal);
  if (dtype == DType::f64) return make_of<double>(r, g, adjoint, refusal);
  refusal = "computes float32 and float64 only";
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_conv_direct(const KernelRequest& r, std::string& refusal) {
  return make(r, geometry_of<ConvPass::forward>(r), false, refusal);
}

// One to four channels fill a vector badly, those under all taps together better, sums that run
// along memory best.
std::unique_ptr<Kernel> make_conv_data_direct(const KernelRequest& r, std::string& refusal) {
  const ConvGeometry g = geometry_of<ConvPass::data>(r);
  const bool narrow =
      r.in[0].dtype == DType::f32 ? is_narrow<float>(g, true) : is_narrow<double>(g, true);
  if (!narrow && g.groups == 1 && g.channels <= 4 && g.window.taps() * g.channels >= 8) {
    refusal = concat_text("columns suit ", g.channels, " channels better");
    return nullptr;
  }
  return make(r, g, true, refusal);
}

}  // namespace kn::cpu
