// Which lines and pixels of one tensor a line of another one reads, for a convolution (y reads x)
// and its adjoint (the gradient of x reads that of y). Lines run along the last spatial axis; the
// first two axes number them.
#pragma once

#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/window.h"

namespace kn::cpu {

// Neighbouring taps of the last axis, read from neighbouring pixels: one run of a sum.
struct TapRun {
  Dim tap = 0, taps = 0;  // in the order of the source's pixels
  Dim at = 0;             // pixel that the first column reads; may be outside the line
};

// Columns of a written line that use the same taps: first, first + step, …
struct Comb {
  Dim first = 0, step = 1, count = 0;
  std::vector<TapRun> runs;
};

// Every channel has one filter of its own.
inline bool is_depthwise(const ConvGeometry& g) {
  return g.groups > 1 && g.groups == g.channels && g.filters == g.channels;
}

// Whether a band of lines can be kept in the cache; else why not.
bool fits_lines(const ConvGeometry& g, bool adjoint, DType dtype, std::string& refusal);

class ConvLines {
 public:
  // With `in_place`, columns whose taps reach beyond the ends of a line have combs of their own,
  // and lines are read where they are.
  ConvLines(const ConvGeometry& g, bool adjoint, bool in_place = false);

  // Line of `axis` (0 or 1) that tap `tap` of line `out` reads, or -1.
  Dim source(int axis, Dim out, Dim tap) const;
  // Tap of the last axis at place `order` of a run's order: the adjoint turns it around.
  Dim tap_at(Dim order) const { return adjoint_ ? window_[2].window - 1 - order : order; }

  bool adjoint() const { return adjoint_; }
  Dim taps(int axis) const { return window_[axis].window; }
  Dim out(int axis) const { return adjoint_ ? window_[axis].in : window_[axis].out; }
  Dim in(int axis) const { return adjoint_ ? window_[axis].out : window_[axis].in; }
  const std::vector<Comb>& combs() const { return combs_; }
  // Pixels read by neighbouring columns of a comb are that far apart.
  Dim pixel_step() const { return adjoint_ ? 1 : window_[2].stride; }
  // Lines of a band: enough bands to share out, few enough lines to stay in the cache.
  // `pixel_bytes` are those of a pixel that is read.
  Dim band_height(Dim batch, Dim pixel_bytes) const;
  // Pixels that are read beyond the ends of a line.
  Dim before() const { return before_; }
  Dim after() const { return after_; }

 private:
  void add_comb(Dim first, bool joins);
  void cut_ends(const Comb& comb, std::vector<Comb>& to) const;

  Window window_;
  bool adjoint_;
  std::vector<Comb> combs_;
  Dim before_ = 0, after_ = 0;
};

// The source lines of a band of written lines, with zeros at their ends where taps reach there.
// Lines that need none are read where they are.
class LineBand {
 public:
  LineBand(const ConvLines& lines, Dim channels, Dim most_lines);

  // Elements of memory that a band of the height it was made for needs.
  Dim elements() const { return copies_ ? lines_->taps(0) * height_ * pitch_ : 0; }

  // Fetches what lines [from, to) of plane `plane` read of `image`.
  template <class T>
  void fetch(const T* image, Dim plane, Dim from, Dim to, T* memory);

  // The line that taps (td, th) of line `line` of the fetched band read, at the pixel 0; nullptr
  // where that is padding.
  template <class T>
  const T* line(Dim line, Dim td, Dim th) const;

 private:
  const ConvLines* lines_;
  Dim channels_, height_, pitch_;
  bool copies_;
  const void* image_ = nullptr;
  void* memory_ = nullptr;
  Dim plane_ = 0, first_ = 0;
};

}  // namespace kn::cpu
