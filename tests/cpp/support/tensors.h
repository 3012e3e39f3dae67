// Host tensors for tests: made from values or drawn, compared with tolerances.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/host_tensor.h"

namespace kn::test {

// A tensor of `dtype` holding `values`, each converted.
HostTensor tensor(DType dtype, Shape shape, const std::vector<double>& values);
HostTensor filled(DType dtype, Shape shape, double value);

// The same numbers on every machine: element i is a function of (seed, i). Floats are uniform in
// [low, high); integers in [low, high], both ends included; bool is 0 or 1.
HostTensor uniform(DType dtype, Shape shape, double low, double high, uint64_t seed);

std::vector<double> numbers(const HostTensor& t);
void set_number(HostTensor& t, int64_t i, double value);

struct Tolerance {
  double relative = 0;
  double absolute = 0;
};

// Equal types, and every element within the tolerance (NaN equals NaN, infinities by sign).
::testing::AssertionResult close(const HostTensor& got, const HostTensor& want,
                                 Tolerance tolerance);
::testing::AssertionResult same_bits(const HostTensor& a, const HostTensor& b);

}  // namespace kn::test
