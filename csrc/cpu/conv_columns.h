// The patches under the window as rows of a matrix: what turns a convolution into a product. Made
// for a band of output cells at a time, small enough for the second cache; never for a whole batch.
#pragma once

#include "base/window.h"

namespace kn::cpu {

// Output cells [from, from + count) of one image and one group of channels.
struct Band {
  Dim from = 0, count = 0, group = 0;
};

// columns (count, taps, C / groups) from image (in_positions, C); cells outside are 0.
template <class T>
void gather_columns(const ConvGeometry& g, const Band& band, const T* image, T* columns);

// The adjoint: adds columns to image.
template <class T>
void scatter_columns(const ConvGeometry& g, const Band& band, const T* columns, T* image);

}  // namespace kn::cpu
