#include "support/tensors.h"

#include <cmath>
#include <cstring>

#include "base/error.h"

namespace kn::test {

namespace {

// splitmix64: a well mixed function of one word.
uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

bool within(double got, double want, Tolerance t) {
  if (std::isnan(want)) return std::isnan(got);
  if (std::isinf(want) || std::isinf(got)) return got == want;
  return std::abs(got - want) <= t.absolute + t.relative * std::abs(want);
}

}  // namespace

void set_number(HostTensor& t, int64_t i, double value) {
  dispatch(t.dtype(), [&](auto zero) {
    using T = decltype(zero);
    t.as<T>()[i] = static_cast<T>(value);
  });
}

HostTensor tensor(DType dtype, Shape shape, const std::vector<double>& values) {
  HostTensor t({dtype, shape});
  if (static_cast<Dim>(values.size()) != shape.elements())
    ADD_FAILURE() << "tensor " << to_string(shape) << " from " << values.size() << " values";
  for (size_t i = 0; i < values.size(); ++i) set_number(t, static_cast<int64_t>(i), values[i]);
  return t;
}

HostTensor filled(DType dtype, Shape shape, double value) {
  HostTensor t({dtype, shape});
  for (Dim i = 0; i < shape.elements(); ++i) set_number(t, i, value);
  return t;
}

HostTensor uniform(DType dtype, Shape shape, double low, double high, uint64_t seed) {
  HostTensor t({dtype, shape});
  const uint64_t stream = mix(seed);
  for (Dim i = 0; i < shape.elements(); ++i) {
    const uint64_t bits = mix(stream + static_cast<uint64_t>(i));
    const double u = static_cast<double>(bits >> 11) * 0x1p-53;
    if (dtype == DType::b8) set_number(t, i, u < 0.5 ? 0 : 1);
    else if (is_integer(dtype)) set_number(t, i, std::floor(low + u * (high - low + 1)));
    else set_number(t, i, low + u * (high - low));
  }
  return t;
}

std::vector<double> numbers(const HostTensor& t) {
  std::vector<double> out;
  for (Dim i = 0; i < t.shape().elements(); ++i) out.push_back(t.number_at(i));
  return out;
}

::testing::AssertionResult close(const HostTensor& got, const HostTensor& want,
                                 Tolerance tolerance) {
  if (got.type() != want.type())
    return ::testing::AssertionFailure()
           << "type " << concat_text(got.type()) << ", wanted " << concat_text(want.type());
  int64_t wrong = 0, first = -1;
  const Dim n = got.shape().elements();
  for (Dim i = 0; i < n; ++i) {
    if (within(got.number_at(i), want.number_at(i), tolerance)) continue;
    if (first < 0) first = i;
    ++wrong;
  }
  if (wrong == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << wrong << " of " << n << " elements differ, first at " << first << ": got "
         << got.number_at(first) << ", wanted " << want.number_at(first) << " (relative "
         << tolerance.relative << ", absolute " << tolerance.absolute << ")";
}

::testing::AssertionResult same_bits(const HostTensor& a, const HostTensor& b) {
  if (a.type() != b.type()) return ::testing::AssertionFailure() << "types differ";
  if (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0)
    return ::testing::AssertionSuccess();
  for (Dim i = 0; i < a.shape().elements(); ++i) {
    const size_t size = size_of(a.dtype());
    const auto at = static_cast<size_t>(i) * size;
    if (std::memcmp(a.as<char>() + at, b.as<char>() + at, size) != 0)
      return ::testing::AssertionFailure()
             << "bits differ at " << i << ": " << a.number_at(i) << " and " << b.number_at(i);
  }
  return ::testing::AssertionFailure() << "bits differ";
}

}  // namespace kn::test
