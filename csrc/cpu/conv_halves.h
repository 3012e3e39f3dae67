// Convolution in bfloat16 on tile multipliers. What is read (x, or dy for the gradient to x) is
// staged a band of lines at a time, its channels padded to whole rows of tiles; strides, dilations
// and padding are gone then: a tap reads the staged pixel a constant number of pixels behind the
// one that is written, so tiles of neighbouring pixels are loaded where they lie, and no columns
// are made. Lines are as long as what they read; the few pixels behind the end of a written line
// are computed and left out.
#pragma once

#include <array>
#include <vector>

#include "cpu/conv.h"
#include "cpu/isa/conv_halves.h"

namespace kn::cpu {

// One spatial axis: the staged source of written cell a is cell a + shift in one of the residues,
// which hold the cells base + step * cell of the source.
struct StagedAxis {
  struct Tap {
    Dim tap, residue, shift;
  };
  // Written cells first, first + stride, …; their `count` share the taps.
  struct Phase {
    Dim first = 0, count = 0;
    std::vector<Tap> taps;
  };

  Dim source = 0, written = 0;  // extents
  Dim step = 1, stride = 1;
  Dim span = 0;  // the largest shift
  std::vector<Dim> bases;
  std::vector<Phase> phases;

  Dim count() const { return phases[0].count; }  // the largest
};

// How a convolution, or with `adjoint` the gradient to its input, reads its source.
class StagedSource {
 public:
  StagedSource(const ConvGeometry& g, bool adjoint);

  const StagedAxis& axis(int i) const { return axes_[i]; }
  // Whether all taps of a line are one staged pixel, which holds all that a window reads there.
  bool merged() const { return merged_; }
  Dim merged_taps() const { return merged_ ? taps_ : 1; }
  Dim channels() const { return channels_; }  // of a group
  Dim length() const { return length_; }      // of a staged pixel
  Dim pitch() const { return pitch_; }        // elements from one to the next
  Dim line() const { return line_; }          // pixels from line to line
  Dim lines(Dim written) const { return written + axes_[1].span; }
  Dim planes() const;  // staged images of one of the source
  Dim elements(Dim written) const { return planes() * plane(written) * pitch_; }
  Dim plane(Dim written) const { return lines(written) * line_; }
  // Takes `length` channels a pixel (not where taps are merged): a part of a group at a time.
  void narrow(Dim length);

  // The staged pixel that a combination of taps reads for the first written pixel.
  Dim shift(const StagedAxis::Tap& d, const StagedAxis::Tap& h, const StagedAxis::Tap& w,
            Dim written) const {
    return plane_of(d, h, w) * plane(written) + h.shift * line_ + w.shift;
  }
  Dim plane_of(const StagedAxis::Tap& d, const StagedAxis::Tap& h, const StagedAxis::Tap& w) const {
    const Dim deep = d.residue * (axes_[0].span + 1) + d.shift;
    return (deep * static_cast<Dim>(axes_[1].bases.size()) + h.residue) *
               static_cast<Dim>(axes_[2].bases.size()) +
           w.residue;
  }

  // Stages what written lines [from, from + written) of plane `plane` read: `length` channels from
  // `channel` on.
  void fetch(const ConvHalves& kernels, const uint16_t* image, Dim plane, Dim from, Dim written,
             Dim channel, Dim length, uint16_t* to) const;

 private:
  void merge(const ConvGeometry& g, bool adjoint);

  std::array<StagedAxis, 3> axes_;
  Dim all_channels_, channels_, length_, pitch_, line_;
  Dim taps_;  // of the last axis
  bool merged_ = false;
};

// bfloat16 on tile multipliers, any window, groups of enough channels.
template <ConvPass pass>
std::unique_ptr<Kernel> make_conv_halves(const KernelRequest& r, std::string& refusal);
template <>
std::unique_ptr<Kernel> make_conv_halves<ConvPass::weights>(const KernelRequest& r,
                                                            std::string& refusal);

// Whether tile multipliers take the convolution; else why not.
bool suits_halves(const KernelRequest& r, const ConvGeometry& g, std::string& refusal);

}  // namespace kn::cpu
