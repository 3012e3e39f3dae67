// Table of the vectorised random draws. Every instruction set gives the same bits as the scalar
// formulas of runtime/draw.h, so contraction of products and sums is off for this family
// (csrc/CMakeLists.txt).
#pragma once

#include <cstdint>

namespace kn::cpu {

struct RandomTable {
  // Words [4 * block, 4 * block + n) of the Philox stream keyed by (seed, step).
  void (*words)(uint64_t seed, uint64_t step, uint64_t block, uint32_t* out, int64_t n);
  // Fields as in UniformDraw and NormalDraw, over n words.
  void (*uniform)(const uint32_t* words, float low, float span, float most, float* out, int64_t n);
  void (*normal)(const uint32_t* words, float mean, float stddev, float factor, float limit,
                 float* out, int64_t n);
  void (*bernoulli)(const uint32_t* words, uint32_t last, float* out, int64_t n);
  // out = word >= first ? x * scale : 0; out may be x.
  void (*dropout_f32)(const uint32_t* words, uint32_t first, float scale, const float* x,
                      float* out, int64_t n);
  void (*dropout_f64)(const uint32_t* words, uint32_t first, double scale, const double* x,
                      double* out, int64_t n);
};

}  // namespace kn::cpu
