// Winograd's F(4 x 4, 3 x 3) and F(4, 3): what its passes share. Tiles of 4 x 4 output pixels (or 4
// in a line) of all images are numbered through; blocks of them are the unit of work.
#pragma once

#include "cpu/conv.h"
#include "cpu/isa/conv_args.h"

namespace kn::cpu {

// Elements that matrices of the domain are apart beyond their size: were they multiples of 4096
// bytes apart, all points of a tile would meet in one set of the first cache.
inline constexpr Dim kWinogradSkew = 16;

// The tiles of one side of a convolution: `from` reads (or is read by) tiles of `to`.
struct TileGrid {
  static constexpr Dim kTile = 4, kSquare = 6;

  Dim batch = 0;
  Dim in_height = 0, in_width = 0, out_height = 0, out_width = 0;
  Dim before_height = 0, before_width = 0;
  bool flat = false;  // tiles are one line high

  Dim high() const { return flat ? 1 : kTile; }
  Dim points() const { return flat ? 6 : 36; }
  Dim taps() const { return flat ? 3 : 9; }
  Dim rows() const { return (out_height + high() - 1) / high(); }
  Dim columns() const { return (out_width + kTile - 1) / kTile; }
  Dim tiles() const { return batch * rows() * columns(); }

  // The square of tile `t` in a tensor (batch, height, width, channels) from cell (y, x) on.
  WinogradMove square(Dim image, Dim y, Dim x, Dim size, Dim height, Dim width, Dim channels,
                      Dim& at) const {
    WinogradMove m{};
    at = ((image * height + y) * width + x) * channels;
    m.channels = channels;
    m.line = width * channels;
    m.pixel = channels;
    m.top = std::max<Dim>(-y, 0);
    m.left = std::max<Dim>(-x, 0);
    m.bottom = std::min(height - y, flat ? 1 : size);
    m.right = std::min(width - x, size);
    return m;
  }
  WinogradMove in_square(Dim t, Dim channels, Dim& at) const {
    const Dim x = t % columns(), y = t / columns() % rows(), image = t / columns() / rows();
    return square(image, y * high() - before_height, x * kTile - before_width, kSquare, in_height,
                  in_width, channels, at);
  }
  WinogradMove out_square(Dim t, Dim channels, Dim& at) const {
    const Dim x = t % columns(), y = t / columns() % rows(), image = t / columns() / rows();
    return square(image, y * high(), x * kTile, kTile, out_height, out_width, channels, at);
  }
};

TileGrid tile_grid(const ConvGeometry& g, bool adjoint);

// Tiles of a block: both sides of its products, of so many channels, stay in the second cache.
Dim tiles_of_block(const TileGrid& grid, Dim in, Dim out);

// Whether the kernel's domain is so large that its way to memory is most of the work.
bool is_huge(const TileGrid& grid, const ConvGeometry& g);

// Whether the convolution is of the kind; else why not.
bool suits_winograd(const KernelRequest& r, const ConvGeometry& g, bool adjoint,
                    std::string& refusal);

}  // namespace kn::cpu
