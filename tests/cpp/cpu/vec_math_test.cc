// Each vectorised function on every instruction set against the C library in wider precision.
#include <cfloat>
#include <cmath>
#include <limits>

#include "cpu/isa/isa.h"
#include "support/kernels.h"

namespace kn::test {
namespace {

using Real = long double;

struct Function {
  const char* name;
  Opcode op;
  Real (*exact)(Real x, Real y);
  double low, high;         // most arguments are drawn from here …
  bool whole_range = true;  // … and, where set, from all finite numbers
  double p0 = 0;
  int limit = 4;  // ulp
};

Real sigmoid(Real x, Real) {
  const Real e = std::exp(-std::abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}
Real softplus(Real x, Real) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))); }
Real elu(Real x, Real alpha) { return x < 0 ? alpha * std::expm1(x) : x; }
Real selu(Real x, Real) {
  const Real scale = 1.0507009873554804934193349852946L;
  return scale * elu(x, 1.6732632423543772848170429916717L);
}

// The extremes of long double overflow later than those of double: infinities compare equal there.
const Function kFunctions[] = {
    {"exp", Opcode::exp, [](Real x, Real) { return std::exp(x); }, -110, 92},
    {"expm1", Opcode::expm1, [](Real x, Real) { return std::expm1(x); }, -45, 92},
    {"log", Opcode::log, [](Real x, Real) { return std::log(x); }, 0, 4},
    {"log1p", Opcode::log1p, [](Real x, Real) { return std::log1p(x); }, -1, 4},
    {"tanh", Opcode::tanh, [](Real x, Real) { return std::tanh(x); }, -12, 12},
    {"sigmoid", Opcode::sigmoid, sigmoid, -104, 40},
    {"softplus", Opcode::softplus, softplus, -104, 40},
    {"erf", Opcode::erf, [](Real x, Real) { return std::erf(x); }, -5, 5},
    {"sin", Opcode::sin, [](Real x, Real) { return std::sin(x); }, -100, 100},
    {"cos", Opcode::cos, [](Real x, Real) { return std::cos(x); }, -100, 100},
    {"tan", Opcode::tan, [](Real x, Real) { return std::tan(x); }, -100, 100},
    {"elu", Opcode::elu, elu, -20, 5, true, 0.75},
    {"selu", Opcode::selu, selu, -20, 5},
    {"sinh", Opcode::sinh, [](Real x, Real) { return std::sinh(x); }, -20, 20},
    {"cosh", Opcode::cosh, [](Real x, Real) { return std::cosh(x); }, -20, 20},
    {"asin", Opcode::asin, [](Real x, Real) { return std::asin(x); }, -1, 1, false},
    {"acos", Opcode::acos, [](Real x, Real) { return std::acos(x); }, -1, 1, false},
    {"atan", Opcode::atan, [](Real x, Real) { return std::atan(x); }, -10, 10},
    {"pow", Opcode::pow, [](Real x, Real y) { return std::pow(x, y); }, 0, 20},
    {"atan2", Opcode::atan2, [](Real y, Real x) { return std::atan2(y, x); }, -10, 10},
};

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

// Arguments: every special one, a fine net over [low, high], and patterns of all exponents.
template <class T>
std::vector<T> arguments(const Function& f) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x = {0,
                      static_cast<T>(-0.0),
                      Limits::infinity(),
                      -Limits::infinity(),
                      Limits::quiet_NaN(),
                      Limits::min(),
                      -Limits::min(),
                      Limits::denorm_min(),
                      Limits::max(),
                      Limits::lowest(),
                      1,
                      -1,
                      static_cast<T>(0.5),
                      Limits::epsilon(),
                      static_cast<T>(M_PI),
                      static_cast<T>(M_PI_2),
                      2,
                      3,
                      -2,
                      -3};
  if (!f.whole_range) x = {0, 1, -1, static_cast<T>(0.5), Limits::min(), Limits::quiet_NaN()};
  constexpr int kNet = 20011;  // odd sizes make tails
  for (int i = 0; i < kNet; ++i)
    x.push_back(static_cast<T>(f.low + (f.high - f.low) * i / (kNet - 1)));
  if (f.whole_range) {
    uint64_t state = 1;
    for (int i = 0; i < 60000; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const auto bits =
          static_cast<BitsOf<T>>(sizeof(T) == 4 ? state >> 32 : state ^ (state >> 29));
      T value;
      std::memcpy(&value, &bits, sizeof value);
      x.push_back(value);
    }
  }
  return x;
}

// Numbers in order, neighbours one apart.
template <class T>
int64_t ordered(T x) {
  std::make_signed_t<BitsOf<T>> bits;
  std::memcpy(&bits, &x, sizeof x);
  return bits < 0 ? std::numeric_limits<decltype(bits)>::min() - int64_t{bits} : bits;
}

template <class T>
double ulps(T got, Real want) {
  const T nearest = static_cast<T>(want);
  if (std::isnan(nearest) || std::isnan(got))
    return std::isnan(nearest) == std::isnan(got) ? 0 : 1e9;
  if (std::signbit(got) != std::signbit(nearest)) return got == nearest ? 0 : 1e9;
  return static_cast<double>(std::abs(ordered(got) - ordered(nearest)));
}

class VecMath : public ::testing::TestWithParam<Function> {
 protected:
  template <class T>
  void check(cpu::TileFn run, const char* where) {
    const Function& f = GetParam();
    const std::vector<T> x = arguments<T>(f);
    std::vector<T> y(x.size()), out(x.size());
    for (size_t i = 0; i < y.size(); ++i)
      y[i] = i % 3 == 0 ? static_cast<T>(static_cast<int>(i % 11) - 5)
                        : static_cast<T>(static_cast<double>((i * 7919) % 2003) / 200 - 5);
    for (size_t i = 0; i < 400; ++i) y[i] = x[(i / 20) % 20];  // pairs of special ones
    std::vector<T> first = x;
    for (size_t i = 0; i < 400; ++i) first[i] = x[i % 20];
    run(out.data(), {{first.data(), y.data(), nullptr}, {1, 1, 0}, f.p0, 0},
        static_cast<int64_t>(x.size()));
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const bool binary = f.op == Opcode::pow || f.op == Opcode::atan2;
      const Real want = f.exact(first[i], binary ? static_cast<Real>(y[i]) : f.p0);
      const double error = ulps(out[i], want);
      worst = std::max(worst, error);
      ASSERT_LE(error, f.limit) << f.name << '(' << first[i] << ", " << y[i] << ") on " << where
                                << ": got " << out[i] << ", wanted " << static_cast<T>(want);
    }
    RecordProperty(std::string(where) + (sizeof(T) == 4 ? "_f32" : "_f64"), std::to_string(worst));
  }
};

TEST_P(VecMath, IsWithinFourUlp) {
  for (cpu::Isa isa : cpu::usable_isas()) {
    const auto& row = cpu::table_of(isa).vec_math.op[static_cast<int>(GetParam().op)];
    ASSERT_TRUE(row[0] && row[1]);
    check<float>(row[0], cpu::name_of(isa).data());
    check<double>(row[1], cpu::name_of(isa).data());
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, VecMath, ::testing::ValuesIn(kFunctions),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace kn::test
