#include "cpu/random_draw.h"

#include <bit>
#include <cmath>
#include <limits>

namespace kn::cpu {

namespace {

constexpr double kTruncation = 2;                      // standard deviations
constexpr double kWithinTwo = 0.95449973610364158560;  // erf(2 / sqrt(2))

// Horner's rule, highest power first.
template <class T, size_t N>
T polynomial(const T (&coefficients)[N], T x) {
  T y = coefficients[0];
  for (size_t i = 1; i < N; ++i) y = y * x + coefficients[i];
  return y;
}

// log(x) for normal x > 0, within 2 ulp (the polynomial of Cephes). Written out here, since every
// instruction set has to give the same bits.
float log_float(float x) {
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
float normal_quantile(float x) {
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
double normal_quantile(double x) {
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
T scaled(const NormalDraw<T>& draw, T x) {
  const T z = normal_quantile(draw.factor * x);
  return draw.mean + draw.stddev * std::fmin(std::fmax(z, -draw.limit), draw.limit);
}

}  // namespace

template <class T>
UniformDraw<T> uniform_draw(const Attrs& attrs) {
  const double low = attrs.number("low", 0), high = attrs.number("high", 1);
  const T from = static_cast<T>(low), to = static_cast<T>(high);
  return {from, static_cast<T>(high - low), from < to ? std::nextafter(to, from) : from};
}
template UniformDraw<float> uniform_draw(const Attrs&);
template UniformDraw<double> uniform_draw(const Attrs&);

template <class T>
NormalDraw<T> normal_draw(const Attrs& attrs, bool truncated) {
  return {static_cast<T>(attrs.number("mean", 0)), static_cast<T>(attrs.number("stddev", 1)),
          truncated ? static_cast<T>(kWithinTwo) : T{1},
          truncated ? static_cast<T>(kTruncation) : std::numeric_limits<T>::max()};
}
template NormalDraw<float> normal_draw(const Attrs&, bool);
template NormalDraw<double> normal_draw(const Attrs&, bool);

BernoulliDraw bernoulli_draw(const Attrs& attrs) {
  const double words = std::nearbyint(attrs.number("p") * 0x1p32);
  if (words < 1) return {0, true};
  return {static_cast<uint32_t>(static_cast<uint64_t>(words) - 1), false};
}

DropoutDraw dropout_draw(const Attrs& attrs) {
  const double rate = attrs.number("rate");
  const double words = std::fmin(std::nearbyint(rate * 0x1p32), 0x1p32 - 1);
  return {static_cast<uint32_t>(words), 1 / (1 - rate)};
}

IntegerDraw integer_draw(const Attrs& attrs) {
  const double low = attrs.number("low", 0), high = attrs.number("high", 1);
  const int64_t from = static_cast<int64_t>(low);
  const uint64_t to =
      high >= 0x1p63 ? uint64_t{1} << 63 : static_cast<uint64_t>(static_cast<int64_t>(high));
  return {from, to - static_cast<uint64_t>(from)};
}

uint64_t seed_of(const Attrs& attrs) { return static_cast<uint64_t>(attrs.integer("seed")); }

Shape noise_shape(const KernelRequest& r) {
  Shape shape = r.in[0].shape;
  const Ints given = r.attrs.ints("noise_shape", Ints(shape.rank(), kUnknown));
  for (int i = 0; i < shape.rank(); ++i)
    if (given[i] == 1) shape[i] = 1;
  return shape;
}

bool shared_noise(const KernelRequest& r) { return !(noise_shape(r) == r.in[0].shape); }

float drawn_from(const UniformDraw<float>& draw, uint32_t word) {
  return std::fmin(draw.low + draw.span * uniform01(word), draw.most);
}

double drawn_from(const UniformDraw<double>& draw, uint64_t word) {
  const double u = static_cast<double>(word >> 11) * 0x1p-53;
  return std::fmin(draw.low + draw.span * u, draw.most);
}

// x: the odd multiples of 2^-24 in (-1, 1), all of them exact.
float drawn_from(const NormalDraw<float>& draw, uint32_t word) {
  const float upper = static_cast<float>(word >> 8);
  return scaled(draw, (upper - 0x1p23f) * 0x1p-23f + 0x1p-24f);
}

double drawn_from(const NormalDraw<double>& draw, uint64_t word) {
  const double upper = static_cast<double>(word >> 11);
  return scaled(draw, (upper - 0x1p52) * 0x1p-52 + 0x1p-53);
}

int64_t drawn_from(const IntegerDraw& draw, uint32_t word) {
  __extension__ using Wide = unsigned __int128;  // the span of int32 is 33 bits long
  const auto above = static_cast<uint64_t>(static_cast<Wide>(word) * draw.span >> 32);
  return static_cast<int64_t>(static_cast<uint64_t>(draw.low) + above);
}

int64_t drawn_from(const IntegerDraw& draw, uint64_t word) {
  __extension__ using Wide = unsigned __int128;
  const uint64_t above =
      draw.span ? static_cast<uint64_t>(static_cast<Wide>(word) * draw.span >> 64) : word;
  return static_cast<int64_t>(static_cast<uint64_t>(draw.low) + above);
}

}  // namespace kn::cpu
