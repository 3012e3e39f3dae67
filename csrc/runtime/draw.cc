#include "runtime/draw.h"

#include <cmath>
#include <limits>

namespace kn {

namespace {

constexpr double kTruncation = 2;                      // standard deviations
constexpr double kWithinTwo = 0.95449973610364158560;  // erf(2 / sqrt(2))

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

}  // namespace kn
