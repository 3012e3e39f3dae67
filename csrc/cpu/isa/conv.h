// Table of the inner loops of convolution; what they are given is in isa/conv_args.h, so that a
// change there reaches only those who call them.
#pragma once

#include <cstdint>

namespace kn::cpu {

struct ConvPile;
struct DepthwiseLine;
struct DepthwiseWeights;
struct WinogradMove;

inline constexpr int kConvMaxRows = 12;

// Winograd's F(4 x 4, 3 x 3), or F(4, 3) of a line: input (6 x 6), kernel (3 x 3) and output
// gradient (4 x 4) to the 36 points of its domain; output (4 x 4) and kernel gradient (3 x 3) back.
struct WinogradKernels {
  void (*input)(const WinogradMove&);
  void (*kernel)(const WinogradMove&);
  void (*spread)(const WinogradMove&);
  void (*output)(const WinogradMove&);
  void (*kernel_back)(const WinogradMove&);
};

template <class T>
struct ConvKernels {
  int rows;   // of a full tile
  int lanes;  // of a vector: a tile is one or two wide
  // [vectors - 1][rows - 1], the last vector whole or partial.
  void (*whole[2][kConvMaxRows])(const ConvPile&);
  void (*partial[2][kConvMaxRows])(const ConvPile&);
  void (*depthwise)(const DepthwiseLine&);
  void (*depthwise_weights)(const DepthwiseWeights&);
  WinogradKernels square, line;
  void (*add)(int64_t n, const T* x, T* y);  // y += x
};

struct ConvTable {
  ConvKernels<float> f32;
  ConvKernels<double> f64;
};

}  // namespace kn::cpu
