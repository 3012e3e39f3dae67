// Forward and the gradient to the input (cpu/conv_halves.h). A unit of work is a band of lines of
// an image, or a few whole images where they are small; its staged source stays in the second cache
// while panels of the kernel go by.
#include "cpu/conv_halves.h"

#include <algorithm>

#include "base/rounding.h"
#include "cpu/activation_loop.h"
#include "cpu/conv_epilogue.h"
#include "cpu/gemm_halves.h"
#include "cpu/isa/gemm_halves.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kBlock = kHalvesBlock, kBlockFloats = kBlock * kBlock;
constexpr Dim kStagedBytes = 256 << 10;  // of a unit
constexpr Dim kLeastUnits = 8;           // to share out

struct Epilogues {
  bool has_bias = false;
  Opcode activation = Opcode::copy;
  bool masks = false;  // of a gradient: the input was the result of a relu, which is input 2
};

// Written pixels whose sources are all a constant number of staged pixels away.
struct Phase {
  std::array<const StagedAxis::Phase*, 3> axes;
  struct Tap {
    Dim tap;    // of the kernel, or the first of those that are staged together
    Dim shift;  // staged pixels
  };
  std::vector<Tap> taps;
  std::vector<int64_t> at;  // bytes from the first written pixel, for every block of steps
  size_t packed = 0;        // bytes of the kernel before its panels, in a group
};

class ConvHalvesKernel : public Kernel {
 public:
  ConvHalvesKernel(const ConvGeometry& g, bool adjoint, const Epilogues& epilogue)
      : g_(g),
        adjoint_(adjoint),
        epilogue_(epilogue),
        kernels_(table().gemm.halves->conv),
        gemm_(*table().gemm.halves),
        activation_(activation_loop<float>(epilogue.activation)),
        source_(g, adjoint),
        columns_(adjoint ? g.group_channels() : g.group_filters()),
        all_columns_(columns_ * g.groups),
        slots_(global_pool().threads()) {
    choose_units();
    find_phases();
    staged_bytes_ = aligned(sizeof(uint16_t) * images_ * image_elements_ + kSlack);
    slot_bytes_ = staged_bytes_ + 2 * kBlockFloats * sizeof(float);
  }

  size_t workspace_bytes() const override { return slots_ * slot_bytes_ + g_.groups * packed_; }

  void run(const RunArgs& args) const override {
    char* slots = static_cast<char*>(args.workspace);
    char* packed = slots + slots_ * slot_bytes_;
    pack_kernel(args, packed);
    const Dim units = g_.groups * ceil_div(g_.batch, images_) * planes() * bands_;
    const int64_t macs =
        g_.batch * g_.window.out_positions() * g_.window.taps() * g_.group_channels() * g_.filters;
    args.pool->run_chunks_in_slots(units, macs / 300, slots_, [&](int64_t unit, int slot) {
      compute_unit(args, unit, packed, slots + slot * slot_bytes_);
    });
  }

 private:
  // Tiles at the end of what is staged read up to a block of pixels behind it.
  static constexpr size_t kSlack = 64;

  Dim planes() const { return source_.axis(0).count(); }
  Dim all_lines() const { return source_.axis(1).count(); }
  Dim column_panels() const { return ceil_div(columns_, kBlock); }
  Dim steps_of_tap() const { return source_.pitch() / kBlock; }

  void choose_units() {
    const Dim line_bytes = source_.planes() * source_.line() * source_.pitch() * 2;
    const Dim fitting = kStagedBytes / std::max<Dim>(line_bytes, 1) - source_.axis(1).span;
    const Dim lines = std::max<Dim>(all_lines(), 1);
    const Dim wanted = ceil_div(kLeastUnits, std::max<Dim>(g_.batch * planes() * g_.groups, 1));
    const Dim most = std::clamp<Dim>(fitting, 1, ceil_div(lines, wanted));
    bands_ = ceil_div(lines, most);
    band_ = ceil_div(lines, bands_);
    bands_ = ceil_div(lines, band_);
    // Blocks read up to 31 pixels beyond the last one.
    image_elements_ = source_.elements(band_) + kBlock * source_.pitch();
    images_ = 1;
    if (bands_ > 1 || planes() > 1) return;
    images_ = std::clamp<Dim>(kStagedBytes / (2 * image_elements_), 1,
                              std::max<Dim>(g_.batch * g_.groups / kLeastUnits, 1));
  }

  void find_phases() {
    for (const auto& d : source_.axis(0).phases)
      for (const auto& h : source_.axis(1).phases)
        for (const auto& w : source_.axis(2).phases) add_phase({&d, &h, &w});
  }

  void add_phase(const std::array<const StagedAxis::Phase*, 3>& axes) {
    Phase phase{axes, {}, {}, packed_};
    const Dim taps_h = g_.window[1].window, taps_w = g_.window[2].window;
    for (const auto& d : axes[0]->taps)
      for (const auto& h : axes[1]->taps)
        for (const auto& w : axes[2]->taps)
          phase.taps.push_back(
              {(d.tap * taps_h + h.tap) * taps_w + w.tap, source_.shift(d, h, w, band_)});
    for (const Phase::Tap& tap : phase.taps)
      for (Dim i = 0; i < steps_of_tap(); ++i)
        phase.at.push_back((tap.shift * source_.pitch() + i * kBlock) * 2);
    packed_ += static_cast<size_t>(column_panels()) * phase.at.size() * kHalvesPanelBytes;
    phases_.push_back(std::move(phase));
  }

  void pack_kernel(const RunArgs& args, char* packed) const {
    const Dim panels = column_panels(), count = g_.groups * panels;
    const Dim size = g_.window.taps() * g_.group_channels() * g_.filters;
    args.pool->parallel_for(count, 1, size / 8, [&](int64_t from, int64_t to) {
      for (Dim i = from; i < to; ++i)
        for (const Phase& phase : phases_)
          pack_panel(args.input<uint16_t>(1), i / panels, i % panels * kBlock, phase,
                     packed + i / panels * packed_ + panel_at(phase, i % panels));
    });
  }

  size_t panel_at(const Phase& phase, Dim panel) const {
    return phase.packed + static_cast<size_t>(panel) * phase.at.size() * kHalvesPanelBytes;
  }

  // w (taps, channels of a group, filters)
  void pack_panel(const uint16_t* w, Dim group, Dim column, const Phase& phase, char* to) const {
    const Dim channels = g_.group_channels(), filters = g_.filters;
    const Dim width = std::min(kBlock, columns_ - column), group_at = group * g_.group_filters();
    const Dim together = source_.merged_taps();
    for (const Phase::Tap& tap : phase.taps) {
      const uint16_t* from = w + tap.tap * channels * filters + group_at;
      if (!adjoint_) {
        gemm_.pack_b(width, source_.length(), from + column, filters, to);
        to += steps_of_tap() * kHalvesPanelBytes;
        continue;
      }
      // The taps of a line from last to first.
      for (Dim i = together - 1; i >= 0; --i, to += steps_of_tap() / together * kHalvesPanelBytes)
        gemm_.pack_b_by_columns(width, source_.channels(), from + (i * channels + column) * filters,
                                filters, to);
    }
  }

  struct Unit {
    Dim group, image, plane, from, lines;  // lines [from, from + lines) of each image
    const char* packed;                    // the group's
    const uint16_t* staged;
    float* blocks;
  };

  void compute_unit(const RunArgs& args, Dim index, const char* packed, char* slot) const {
    Unit u;
    u.from = index % bands_ * band_;
    u.lines = std::min(band_, all_lines() - u.from);
    u.plane = index / bands_ % planes();
    const Dim rest = index / bands_ / planes();
    u.group = rest % g_.groups;
    const Dim first = rest / g_.groups * images_, last = std::min(first + images_, g_.batch);
    u.packed = packed + u.group * packed_;
    u.blocks = reinterpret_cast<float*>(slot + staged_bytes_);
    auto* staged = reinterpret_cast<uint16_t*>(slot);
    const auto& [d, h, w] = std::tie(source_.axis(0), source_.axis(1), source_.axis(2));
    const Dim image_size = d.source * h.source * w.source * source_.channels() * g_.groups;
    for (Dim n = first; n < last; ++n)
      source_.fetch(kernels_, args.input<uint16_t>(0) + n * image_size, u.plane, u.from, band_,
                    u.group * source_.channels(), source_.length(),
                    staged + (n - first) * image_elements_);
    gemm_.begin();
    Pending pending;
    for (const Phase& phase : phases_)
      for (Dim panel = 0; panel < column_panels(); ++panel)
        for (u.image = first; u.image < last; ++u.image) {
          u.staged = staged + (u.image - first) * image_elements_;
          compute_panel(args, u, phase, panel, pending);
        }
    finish(pending);
    gemm_.end();
  }

  // A block on its way to memory, after the next has been handed to the multipliers.
  struct Pending {
    float* block = nullptr;
    Dim first = 0, rows = 0, columns = 0;  // of a band's pixels
    Dim valid = 0;                         // pixels of a line
    Dim line_step = 0, pixel_step = 0;
    uint16_t* to = nullptr;
    const uint16_t *mask = nullptr, *bias = nullptr;
    int turn = 0;
  };

  void compute_panel(const RunArgs& args, const Unit& u, const Phase& phase, Dim panel,
                     Pending& pending) const {
    const auto& [d, h, w] = phase.axes;
    const Dim lines = std::min(u.lines, h->count - u.from);
    if (u.plane >= d->count || lines <= 0 || w->count == 0) return;
    const StagedAxis &ad = source_.axis(0), &ah = source_.axis(1), &aw = source_.axis(2);
    const Dim pixels = (lines - 1) * source_.line() + w->count;
    const Dim written_d = d->first + u.plane * ad.stride, written_h = h->first + u.from * ah.stride;
    const Dim at =
        (((u.image * ad.written + written_d) * ah.written + written_h) * aw.written + w->first) *
            all_columns_ +
        u.group * columns_ + panel * kBlock;
    const Dim columns = std::min(kBlock, columns_ - panel * kBlock);
    for (Dim first = 0; first < pixels; first += kBlock) {
      const Dim rows = std::min(kBlock, pixels - first);
      float* block = u.blocks + (pending.turn ^= 1) * kBlockFloats;
      kernels_.product[rows > kBlock / 2][columns > kBlock / 2](
          {u.staged + first * source_.pitch(), phase.at.data(), source_.pitch() * 2,
           u.packed + panel_at(phase, panel), static_cast<int64_t>(phase.at.size()), nullptr,
           block});
      finish(pending);
      pending.block = block;
      pending.first = first;
      pending.rows = rows;
      pending.columns = columns;
      pending.valid = w->count;
      pending.line_step = ah.stride * aw.written * all_columns_;
      pending.pixel_step = aw.stride * all_columns_;
      pending.to = args.output<uint16_t>(0) + at;
      pending.mask = epilogue_.masks ? args.input<uint16_t>(2) + at : nullptr;
      pending.bias = epilogue_.has_bias
                         ? args.input<uint16_t>(2) + u.group * columns_ + panel * kBlock
                         : nullptr;
    }
  }

  void finish(Pending& p) const {
    if (!p.block) return;
    if (p.bias) gemm_.add_bias(p.block, p.rows, p.columns, p.bias);
    if (activation_) activation_(p.block, TileOperands{{p.block}, {1}, 0, 0}, p.rows * kBlock);
    Dim line = p.first / source_.line(), pixel = p.first % source_.line();
    for (Dim row = 0; row < p.rows; ++line, row += source_.line() - pixel, pixel = 0) {
      const Dim count = std::min(p.rows - row, p.valid - pixel);
      if (count <= 0) continue;
      const Dim at = line * p.line_step + pixel * p.pixel_step;
      gemm_.finish({p.block + row * kBlock, count, p.columns, p.to + at, p.pixel_step,
                    epilogue_.activation == Opcode::relu, false, p.mask ? p.mask + at : nullptr});
    }
    p.block = nullptr;
  }

  ConvGeometry g_;
  bool adjoint_;
  Epilogues epilogue_;
  const ConvHalves& kernels_;
  const GemmHalves& gemm_;
  TileFn activation_;
  StagedSource source_;
  Dim columns_, all_columns_;  // channels that are written: of a group, of a pixel
  int slots_;
  Dim bands_ = 1, band_ = 1, images_ = 1, image_elements_ = 0;
  std::vector<Phase> phases_;
  size_t packed_ = 0;  // bytes of a group's kernel
  size_t staged_bytes_ = 0, slot_bytes_ = 0;
};

}  // namespace

template <ConvPass pass>
std::unique_ptr<Kernel> make_conv_halves(const KernelRequest& r, std::string& refusal) {
  const ConvGeometry g = geometry_of<pass>(r);
  Epilogues e;
  if (!suits_halves(r, g, refusal)) return nullptr;
  if (pass == ConvPass::forward) {
    e.has_bias = r.in.size() == 3;
    if (!parse_activation(r.attrs.text("activation", ""), e.activation)) {
      refusal = "activation " + r.attrs.text("activation") + " has no epilogue";
      return nullptr;
    }
  } else {
    e.masks = masks_by_relu(r);
  }
  return std::make_unique<ConvHalvesKernel>(g, pass == ConvPass::data, e);
}

template std::unique_ptr<Kernel> make_conv_halves<ConvPass::forward>(const KernelRequest&,
                                                                     std::string&);
template std::unique_ptr<Kernel> make_conv_halves<ConvPass::data>(const KernelRequest&,
                                                                  std::string&);

}  // namespace kn::cpu
