// The distributions that random kernels draw from, as plain numbers, and their scalar formulas.
// The same formulas for float32 are vectorised in cpu/isa/random.isa.cc and give the same bits.
//
// A 32-bit draw at position p takes word p % 4 of Philox block p / 4; a 64-bit draw takes words
// 2 (p % 2) and 2 (p % 2) + 1 of block p / 2.
#pragma once

#include <cstdint>

#include "runtime/kernel.h"
#include "runtime/philox.h"

namespace kn::cpu {

struct PhiloxKey {
  uint64_t seed, step;

  uint32_t word(Dim position) const {
    return philox(seed, step, static_cast<uint64_t>(position) / 4).v[position % 4];
  }
  uint64_t long_word(Dim position) const {
    const Philox block = philox(seed, step, static_cast<uint64_t>(position) / 2);
    const int at = static_cast<int>(position % 2) * 2;
    return uint64_t{block.v[at]} << 32 | block.v[at + 1];
  }
};

// min(low + span * u, most), u in [0, 1): `most` is just below the upper bound, which the rounded
// sum could reach.
template <class T>
struct UniformDraw {
  T low, span, most;
};

// mean + stddev * clip(z, -limit, limit), where z = sqrt(2) erfinv(factor * x) and x in (-1, 1) is
// the inverse of the normal distribution, cut off at +-limit where factor = erf(limit / sqrt(2)).
template <class T>
struct NormalDraw {
  T mean, stddev, factor, limit;
};

// 1 where word <= last, 0 elsewhere (and everywhere with `never`).
struct BernoulliDraw {
  uint32_t last;
  bool never;
};

// x * scale where word >= first, 0 elsewhere.
struct DropoutDraw {
  uint32_t first;
  double scale;
};

// low + (draw * span >> bits of the draw); span 0 stands for 2^64.
struct IntegerDraw {
  int64_t low;
  uint64_t span;
};

template <class T>
UniformDraw<T> uniform_draw(const Attrs& attrs);
template <class T>
NormalDraw<T> normal_draw(const Attrs& attrs, bool truncated);
BernoulliDraw bernoulli_draw(const Attrs& attrs);
DropoutDraw dropout_draw(const Attrs& attrs);
IntegerDraw integer_draw(const Attrs& attrs);

uint64_t seed_of(const Attrs& attrs);

// The shape of a dropout's mask; is it smaller than x?
Shape noise_shape(const KernelRequest& r);
bool shared_noise(const KernelRequest& r);

float drawn_from(const UniformDraw<float>& draw, uint32_t word);
double drawn_from(const UniformDraw<double>& draw, uint64_t word);
float drawn_from(const NormalDraw<float>& draw, uint32_t word);
double drawn_from(const NormalDraw<double>& draw, uint64_t word);
int64_t drawn_from(const IntegerDraw& draw, uint32_t word);
int64_t drawn_from(const IntegerDraw& draw, uint64_t word);

}  // namespace kn::cpu
