#include "cpu/conv_lines.h"

#include <algorithm>

#include "base/error.h"

namespace kn::cpu {

namespace {

constexpr Dim kBandBytes = 128 << 10;      // of source lines: a share of a small second cache
constexpr Dim kMostLineBytes = 512 << 10;  // of one line
constexpr Dim kUnits = 32;                 // bands of a batch that are wanted

}  // namespace

bool fits_lines(const ConvGeometry& g, bool adjoint, DType dtype, std::string& refusal) {
  const Dim line = adjoint ? g.window[2].out * g.filters : g.window[2].in * g.channels;
  if (line * static_cast<Dim>(size_of(dtype)) <= kMostLineBytes) return true;
  refusal = concat_text("a line of ", line, " elements is too long to keep");
  return false;
}

ConvLines::ConvLines(const ConvGeometry& g, bool adjoint, bool in_place)
    : window_(g.window), adjoint_(adjoint) {
  const WindowAxis& w = window_[2];
  const Dim combs = adjoint ? std::min(w.stride, w.in) : std::min<Dim>(w.out, 1);
  for (Dim i = 0; i < combs; ++i) add_comb(i, g.groups == 1 && !in_place);
  if (in_place) {
    std::vector<Comb> cut;
    for (const Comb& comb : combs_) cut_ends(comb, cut);
    combs_ = std::move(cut);
  }
  for (const Comb& comb : combs_)
    for (const TapRun& run : comb.runs) {
      before_ = std::max(before_, -run.at);
      after_ =
          std::max(after_, run.at + run.taps - 1 + (comb.count - 1) * pixel_step() - (in(2) - 1));
    }
}

// The columns that use all taps as one comb, each of the others as one without the taps outside.
// Runs are of one tap each.
void ConvLines::cut_ends(const Comb& comb, std::vector<Comb>& to) const {
  const Dim step = pixel_step();
  Dim from = 0, until = comb.count;
  for (const TapRun& run : comb.runs) {
    if (run.at < 0) from = std::max(from, (-run.at + step - 1) / step);
    until = std::min(until, run.at < in(2) ? (in(2) - 1 - run.at) / step + 1 : 0);
  }
  until = std::max(from, until);
  for (Dim column = 0; column < comb.count;) {
    const bool inner = column == from && until > from;
    Comb part{comb.first + column * comb.step, comb.step, inner ? until - from : 1, {}};
    for (const TapRun& run : comb.runs)
      if (const Dim at = run.at + column * step; at >= 0 && at < in(2))
        part.runs.push_back({run.tap, 1, at});
    column += part.count;
    to.push_back(std::move(part));
  }
}

// Runs join where taps follow each other and all channels take part.
void ConvLines::add_comb(Dim first, bool joins) {
  const WindowAxis& w = window_[2];
  Comb comb;
  comb.first = first;
  comb.step = adjoint_ ? w.stride : 1;
  comb.count = (out(2) - first + comb.step - 1) / comb.step;
  for (Dim i = 0; i < w.window; ++i) {
    const Dim tap = tap_at(i);
    Dim at = tap * w.dilation - w.before;
    if (adjoint_) {
      at = first - at;
      if (at % w.stride != 0) continue;
      at /= w.stride;
    }
    if (joins && !comb.runs.empty()) {
      TapRun& last = comb.runs.back();
      if (last.tap + last.taps == i && last.at + last.taps == at) {
        ++last.taps;
        continue;
      }
    }
    comb.runs.push_back({i, 1, at});
  }
  combs_.push_back(std::move(comb));
}

Dim ConvLines::source(int axis, Dim out, Dim tap) const {
  const WindowAxis& a = window_[axis];
  Dim at = tap * a.dilation - a.before;
  if (!adjoint_) {
    at += out * a.stride;
  } else {
    at = out - at;
    if (at % a.stride != 0) return -1;
    at /= a.stride;
  }
  return at >= 0 && at < in(axis) ? at : -1;
}

Dim ConvLines::band_height(Dim batch, Dim pixel_bytes) const {
  const Dim lines = std::max<Dim>(out(1), 1), all = std::max<Dim>(batch * out(0), 1);
  const Dim fitting = std::max<Dim>(kBandBytes / std::max<Dim>(in(2) * pixel_bytes, 1), 2);
  const Dim most = std::min(fitting, std::max<Dim>(lines * all / kUnits, 2));
  const Dim bands = (lines + most - 1) / most;
  return (lines + bands - 1) / bands;
}

LineBand::LineBand(const ConvLines& lines, Dim channels, Dim most_lines)
    : lines_(&lines),
      channels_(channels),
      pitch_((lines.before() + lines.in(2) + lines.after()) * channels),
      copies_(lines.before() > 0 || lines.after() > 0) {
  height_ = 0;
  for (Dim from = 0; from < lines.out(1); from += most_lines) {
    Dim low = lines.in(1), high = -1;
    for (Dim line = from; line < std::min(from + most_lines, lines.out(1)); ++line)
      for (Dim th = 0; th < lines.taps(1); ++th) {
        const Dim at = lines.source(1, line, th);
        if (at < 0) continue;
        low = std::min(low, at);
        high = std::max(high, at);
      }
    height_ = std::max(height_, high + 1 - low);
  }
}

template <class T>
void LineBand::fetch(const T* image, Dim plane, Dim from, Dim to, T* memory) {
  image_ = image;
  memory_ = memory;
  plane_ = plane;
  if (!copies_) return;
  Dim low = lines_->in(1), high = -1;
  for (Dim line = from; line < to; ++line)
    for (Dim th = 0; th < lines_->taps(1); ++th) {
      const Dim at = lines_->source(1, line, th);
      if (at < 0) continue;
      low = std::min(low, at);
      high = std::max(high, at);
    }
  first_ = low;
  const Dim width = lines_->in(2) * channels_, left = lines_->before() * channels_;
  for (Dim td = 0; td < lines_->taps(0); ++td) {
    const Dim source = lines_->source(0, plane, td);
    if (source < 0) continue;
    for (Dim at = low; at <= high; ++at) {
      T* line = memory + (td * height_ + at - low) * pitch_;
      std::fill_n(line, left, T(0));
      std::copy_n(image + (source * lines_->in(1) + at) * width, width, line + left);
      std::fill(line + left + width, line + pitch_, T(0));
    }
  }
}

template <class T>
const T* LineBand::line(Dim line, Dim td, Dim th) const {
  const Dim plane = lines_->source(0, plane_, td), at = lines_->source(1, line, th);
  if (plane < 0 || at < 0) return nullptr;
  if (copies_)
    return static_cast<const T*>(memory_) + (td * height_ + at - first_) * pitch_ +
           lines_->before() * channels_;
  return static_cast<const T*>(image_) + (plane * lines_->in(1) + at) * lines_->in(2) * channels_;
}

#define KN_LINES(T)                                           \
  template void LineBand::fetch(const T*, Dim, Dim, Dim, T*); \
  template const T* LineBand::line(Dim, Dim, Dim) const;
KN_LINES(float)
KN_LINES(double)
#undef KN_LINES

}  // namespace kn::cpu
