#include <algorithm>

#include "base/rounding.h"
#include "cpu/conv_halves.h"
#include "cpu/isa/gemm_halves.h"

namespace kn::cpu {

namespace {

constexpr Dim kLeastChannels = 16;       // of a group, where there are several
constexpr int64_t kLeastWork = 1 << 16;  // multiply-adds worth packing and staging

Dim floor_div(Dim a, Dim b) { return a >= 0 ? a / b : -ceil_div(-a, b); }

// A written cell a of a phase reads source cell a * step + offset under a tap.
struct Reads {
  Dim tap, offset;
};

// Offsets as a shift of whole steps in one of the residues that occur.
void place_taps(StagedAxis& axis, const std::vector<std::vector<Reads>>& reads) {
  Dim low = 0, high = 0;
  bool any = false;
  for (const auto& phase : reads)
    for (const Reads& r : phase) {
      const Dim at = floor_div(r.offset, axis.step);
      low = any ? std::min(low, at) : at;
      high = any ? std::max(high, at) : at;
      any = true;
    }
  axis.span = high - low;
  for (size_t i = 0; i < reads.size(); ++i)
    for (const Reads& r : reads[i]) {
      const Dim at = floor_div(r.offset, axis.step);
      const Dim base = r.offset - (at - low) * axis.step;
      const auto found = std::find(axis.bases.begin(), axis.bases.end(), base);
      const Dim residue = found - axis.bases.begin();
      if (found == axis.bases.end()) axis.bases.push_back(base);
      axis.phases[i].taps.push_back({r.tap, residue, at - low});
    }
  if (axis.bases.empty()) axis.bases.push_back(0);
}

StagedAxis forward_axis(const WindowAxis& a) {
  StagedAxis axis;
  axis.source = a.in;
  axis.written = a.out;
  axis.step = a.stride;
  axis.phases = {{0, a.out, {}}};
  std::vector<Reads> reads;
  for (Dim t = 0; t < a.window; ++t) reads.push_back({t, t * a.dilation - a.before});
  place_taps(axis, {reads});
  return axis;
}

// x[i] gets what dy[o] w[t] give where i = o * stride + t * dilation - before.
StagedAxis adjoint_axis(const WindowAxis& a) {
  StagedAxis axis;
  axis.source = a.out;
  axis.written = a.in;
  axis.stride = a.stride;
  std::vector<std::vector<Reads>> reads(a.stride);
  for (Dim first = 0; first < a.stride; ++first) {
    axis.phases.push_back({first, ceil_div(std::max<Dim>(a.in - first, 0), a.stride), {}});
    for (Dim t = 0; t < a.window; ++t)
      if (const Dim at = first + a.before - t * a.dilation; at % a.stride == 0)
        reads[first].push_back({t, at / a.stride});
  }
  place_taps(axis, reads);
  return axis;
}

}  // namespace

StagedSource::StagedSource(const ConvGeometry& g, bool adjoint)
    : all_channels_(adjoint ? g.filters : g.channels),
      channels_(all_channels_ / g.groups),
      length_(channels_),
      taps_(g.window[2].window) {
  for (int i = 0; i < 3; ++i)
    axes_[i] = adjoint ? adjoint_axis(g.window[i]) : forward_axis(g.window[i]);
  line_ = axes_[2].count() + axes_[2].span;
  merge(g, adjoint);
  pitch_ = round_up(length_, kHalvesBlock);
}

// Steps that tiles take for a line with and without. Kernels are packed a tap at a time for the
// adjoint, so channels must fill their blocks there.
void StagedSource::merge(const ConvGeometry& g, bool adjoint) {
  const WindowAxis& w = g.window[2];
  StagedAxis& axis = axes_[2];
  if (g.groups > 1 || w.dilation > 1 || w.window == 1 || axis.phases.size() > 1) return;
  if (adjoint && channels_ % kHalvesBlock != 0) return;
  const Dim apart = line_ * w.window * ceil_div(channels_, kHalvesBlock);
  const Dim together = axis.count() * ceil_div(w.window * channels_, kHalvesBlock);
  if (apart * 4 <= together * 5) return;
  merged_ = true;
  length_ = w.window * channels_;
  axis.bases = {adjoint ? w.before - (w.window - 1) : -w.before};
  axis.span = 0;
  axis.phases[0].taps = {{0, 0, 0}};
  line_ = axis.count();
}

Dim StagedSource::planes() const {
  return static_cast<Dim>(axes_[0].bases.size() * axes_[1].bases.size() * axes_[2].bases.size()) *
         (axes_[0].span + 1);
}

void StagedSource::narrow(Dim length) {
  length_ = length;
  pitch_ = round_up(length_, kHalvesBlock);
}

void StagedSource::fetch(const ConvHalves& kernels, const uint16_t* image, Dim plane, Dim from,
                         Dim written, Dim channel, Dim length, uint16_t* to) const {
  const auto& [d, h, w] = axes_;
  const Dim line_size = w.source * all_channels_;
  for (const Dim base_d : d.bases)
    for (Dim deep = 0; deep <= d.span; ++deep)
      for (const Dim base_h : h.bases)
        for (const Dim base_w : w.bases)
          for (Dim i = 0; i < lines(written); ++i, to += line_ * pitch_) {
            const Dim id = (plane + deep) * d.step + base_d, ih = (from + i) * h.step + base_h;
            if (id < 0 || id >= d.source || ih < 0 || ih >= h.source) {
              std::fill_n(to, line_ * pitch_, uint16_t{0});
              continue;
            }
            kernels.stage({image + (id * h.source + ih) * line_size + channel, line_size - channel,
                           base_w * all_channels_, w.step * all_channels_, line_, length, pitch_,
                           to});
          }
}

bool suits_halves(const KernelRequest& r, const ConvGeometry& g, std::string& refusal) {
  const int64_t work =
      g.batch * g.window.out_positions() * g.window.taps() * g.group_channels() * g.filters;
  if (r.in[0].dtype != DType::bf16) refusal = "not bfloat16";
  else if (!table().gemm.halves) refusal = "no tile multipliers";
  else if (g.groups > 1 && std::min(g.group_channels(), g.group_filters()) < kLeastChannels)
    refusal = "groups of few channels";
  else if (work < kLeastWork) refusal = "too small";
  return refusal.empty();
}

}  // namespace kn::cpu
