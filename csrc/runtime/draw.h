// The distributions that random kernels draw from, as plain numbers, and their scalar formulas, for
// every device. Compiled without contraction to fused products, they give the same bits everywhere
// (float64 normals as far as the logarithm does). For float32 they are vectorised in
// cpu/isa/random.isa.cc.
//
// A 32-bit draw at position p takes word p % 4 of Philox block p / 4; a 64-bit draw takes words
// 2 (p % 2) and 2 (p % 2) + 1 of block p / 2.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "runtime/kernel.h"
#include "runtime/philox.h"

namespace kn {

struct PhiloxKey {
  uint64_t seed, step;

  KN_HOST_DEVICE uint32_t word(int64_t position) const {
    return philox(seed, step, static_cast<uint64_t>(position) / 4).v[position % 4];
  }
  KN_HOST_DEVICE uint64_t long_word(int64_t position) const {
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

// From the attributes of an op.
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

namespace draw {

// Horner's rule, highest power first.
template <class T, size_t N>
KN_HOST_DEVICE T polynomial(const T (&coefficients)[N], T x) {
  T y = coefficients[0];
  for (size_t i = 1; i < N; ++i) y = y * x + coefficients[i];
  return y;
}

// log(x) for normal x > 0, within 2 ulp (the polynomial of Cephes). Written out here, since every
// instruction set has to give the same bits.
KN_HOST_DEVICE inline float log_float(float x) {
  constexpr float kPoly[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                             -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                             2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  constexpr int32_t kRootHalf = 0x3F3504F3;  // bits of sqrt(1/2): the mantissa starts there
  const int32_t bits = std::bit_cast<int32_t>(x), above = bits - kRootHalf;
  const int32_t exponent = above >> 23;
  const float e = static_cast<float>(exponent);
  const float f = std::bit_cast<float>(bits - (exponent * (1 << 23))) - 1;
  const float square = f * f;
  float y = f * square * polynomial(kPoly, f);
  y = y + e * -2.12194440e-4f;
  y = y - 0.5f * square;
  return (f + y) + e * 0.693359375f;
}

// sqrt(2) erfinv(x), |x| < 1 (M. Giles, "Approximating the erfinv function", 2012).
KN_HOST_DEVICE inline float normal_quantile(float x) {
  constexpr float kCentre[] = {2.81022636e-08f,  3.43273939e-07f, -3.5233877e-06f,
                               -4.39150654e-06f, 0.00021858087f,  -0.00125372503f,
                               -0.00417768164f,  0.246640727f,    1.50140941f};
  constexpr float kTail[] = {-0.000200214257f, 0.000100950558f, 0.00134934322f,
                             -0.00367342844f,  0.00573950773f,  -0.0076224613f,
                             0.00943887047f,   1.00167406f,     2.83297682f};
  const float w = -log_float((1 - x) * (1 + x));
  const float p = w < 5 ? polynomial(kCentre, w - 2.5f) : polynomial(kTail, std::sqrt(w) - 3);
  return p * x * 1.41421356f;
}

// The same for double (M. Wichura, algorithm AS 241, 1988).
KN_HOST_DEVICE inline double normal_quantile(double x) {
  constexpr double kA[] = {2.5090809287301226727e+3, 3.3430575583588128105e+4,
                           6.7265770927008700853e+4, 4.5921953931549871457e+4,
                           1.3731693765509461125e+4, 1.9715909503065514427e+3,
                           1.3314166789178437745e+2, 3.3871328727963666080e+0};
  constexpr double kB[] = {5.2264952788528545610e+3, 2.8729085735721942674e+4,
                           3.9307895800092710610e+4, 2.1213794301586595867e+4,
                           5.3941960214247511077e+3, 6.8718700749205790830e+2,
                           4.2313330701600911252e+1, 1.0};
  constexpr double kC[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2,
                           2.41780725177450611770e-1, 1.27045825245236838258e+0,
                           3.64784832476320460504e+0, 5.76949722146069140550e+0,
                           4.63033784615654529590e+0, 1.42343711074968357734e+0};
  constexpr double kD[] = {1.05075007164441684324e-9, 5.47593808499534494600e-4,
                           1.51986665636164571966e-2, 1.48103976427480074590e-1,
                           6.89767334985100004550e-1, 1.67638483018380384940e+0,
                           2.05319162663775882187e+0, 1.0};
  constexpr double kE[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5,
                           1.24266094738807843860e-3, 2.65321895265761230930e-2,
                           2.96560571828504891230e-1, 1.78482653991729133580e+0,
                           5.46378491116411436990e+0, 6.65790464350110377720e+0};
  constexpr double kF[] = {2.04426310338993978564e-15, 1.42151175831644588870e-7,
                           1.84631831751005468180e-5,  7.86869131145613259100e-4,
                           1.48753612908506148525e-2,  1.36929880922735805310e-1,
                           5.99832206555887937690e-1,  1.0};
  const double q = x / 2;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kA, r) / polynomial(kB, r);
  }
  const double r = std::sqrt(-std::log((1 - std::fabs(x)) / 2));
  const double z = r <= 5 ? polynomial(kC, r - 1.6) / polynomial(kD, r - 1.6)
                          : polynomial(kE, r - 5) / polynomial(kF, r - 5);
  return std::copysign(z, x);
}

template <class T>
KN_HOST_DEVICE T scaled(const NormalDraw<T>& draw, T x) {
  const T z = normal_quantile(draw.factor * x);
  return draw.mean + draw.stddev * std::fmin(std::fmax(z, -draw.limit), draw.limit);
}

}  // namespace draw

KN_HOST_DEVICE inline float drawn_from(const UniformDraw<float>& draw, uint32_t word) {
  return std::fmin(draw.low + draw.span * uniform01(word), draw.most);
}

KN_HOST_DEVICE inline double drawn_from(const UniformDraw<double>& draw, uint64_t word) {
  const double u = static_cast<double>(word >> 11) * 0x1p-53;
  return std::fmin(draw.low + draw.span * u, draw.most);
}

// x: the odd multiples of 2^-24 in (-1, 1), all of them exact.
KN_HOST_DEVICE inline float drawn_from(const NormalDraw<float>& draw, uint32_t word) {
  const float upper = static_cast<float>(word >> 8);
  return draw::scaled(draw, (upper - 0x1p23f) * 0x1p-23f + 0x1p-24f);
}

KN_HOST_DEVICE inline double drawn_from(const NormalDraw<double>& draw, uint64_t word) {
  const double upper = static_cast<double>(word >> 11);
  return draw::scaled(draw, (upper - 0x1p52) * 0x1p-52 + 0x1p-53);
}

KN_HOST_DEVICE inline int64_t drawn_from(const IntegerDraw& draw, uint32_t word) {
  __extension__ using Wide = unsigned __int128;  // the span of int32 is 33 bits long
  const auto above = static_cast<uint64_t>(static_cast<Wide>(word) * draw.span >> 32);
  return static_cast<int64_t>(static_cast<uint64_t>(draw.low) + above);
}

KN_HOST_DEVICE inline int64_t drawn_from(const IntegerDraw& draw, uint64_t word) {
  __extension__ using Wide = unsigned __int128;
  const uint64_t above =
      draw.span ? static_cast<uint64_t>(static_cast<Wide>(word) * draw.span >> 64) : word;
  return static_cast<int64_t>(static_cast<uint64_t>(draw.low) + above);
}

}  // namespace kn
