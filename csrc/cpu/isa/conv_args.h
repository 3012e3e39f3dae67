// What the inner loops of convolution are given. Strides are in elements.
#pragma once

#include <cstdint>

namespace kn::cpu {

// A piece of the sum that a tile computes: `steps` of it with A and B at these places.
struct ConvRun {
  const void* a;
  const void* b;
  int64_t steps;
};

// `tiles` tiles of C under each other, each `rows` x up to two vectors: C = sum over runs and their
// steps p of A(row, p) B(p, column). Rows of A lie at a[row * a_row + p * a_step], rows of B at
// b[p * b_step]. A forward pass has pixels as rows and taps and channels as steps; a gradient of
// weights has channels as rows and pixels as steps.
struct ConvPile {
  int64_t tiles;
  const ConvRun* runs;
  int64_t run_count;
  int64_t a_row, a_step;
  int64_t b_step;
  void* c;
  int64_t c_row;
  bool accumulate;   // C += … instead of C = …
  const void* bias;  // (columns,), or nullptr
  bool relu;         // clip at zero after the bias
  int last_columns;  // columns of the last vector, for the partial tiles
};

// One line of a depthwise convolution: y[p, c] = sum over runs of a[p * a_step + c] * b[c].
struct DepthwiseLine {
  const ConvRun* runs;
  int64_t run_count;
  int64_t pixels, channels;
  int64_t a_step, c_step;
  void* c;
  const void* bias;  // (channels,), or nullptr
  bool relu;
};

// Gradient of a depthwise kernel over one line: for each tap w[t * channels + c] += sum over p of
// a[t * a_tap + p * a_step + c] * b[p * b_step + c].
struct DepthwiseWeights {
  const void* a;
  const void* b;
  void* w;
  int64_t taps, a_tap;
  int64_t pixels, channels;
  int64_t a_step, b_step;
};

// A small square (or piece of a line) of an image, or of a kernel: its taps, to the points of
// Winograd's domain, or back.
struct WinogradMove {
  const void* from;
  void* to;
  int64_t channels;
  int64_t line, pixel;               // steps of the image
  int64_t matrix;                    // step from point to point
  int64_t top, bottom, left, right;  // the cells of the square that are there
  const void* bias;                  // (channels,) of an output, or nullptr
  const void* mask;  // like `to`: outputs are zero where it is not above zero; or nullptr
  bool relu;
};

}  // namespace kn::cpu
