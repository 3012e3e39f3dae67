// Kernels of bfloat16 against the reference in float64 on the same numbers.
#pragma once

#include <cmath>

#include "base/half.h"
#include "support/fast_kernels.h"

namespace kn::test {

inline HostTensor halves(Shape shape, uint64_t seed) {
  const HostTensor from = uniform(DType::f32, shape, -1, 1, seed);
  HostTensor t({DType::bf16, shape});
  for (Dim i = 0; i < shape.elements(); ++i)
    t.as<uint16_t>()[i] = float_to_bf16(from.as<float>()[i]);
  return t;
}

inline HostTensor exact(const HostTensor& t) {
  HostTensor to({DType::f64, t.shape()});
  for (Dim i = 0; i < t.shape().elements(); ++i) to.as<double>()[i] = t.number_at(i);
  return to;
}

// One call on halves, and the same on their exact values by the reference.
class HalvesCall {
 public:
  HalvesCall(std::string_view op, Attrs attrs, std::vector<HostTensor> in, std::vector<Shape> out,
             DType result = DType::bf16)
      : op_(op), attrs_(std::move(attrs)), in_(std::move(in)) {
    for (const HostTensor& t : in_) exact_.push_back(exact(t));
    for (const Shape& s : out) {
      got_.push_back({result, s});
      want_.push_back({DType::f64, s});
    }
  }

  // `terms`: how many products a sum has.
  void check(double terms) const {
    const auto want = run_reference(of(exact_, want_));
    std::vector<HostTensor> first;
    const auto compare = [&](const std::vector<HostTensor>& got, const std::string& what) {
      for (size_t k = 0; k < got.size(); ++k) {
        for (Dim i = 0; i < got[k].shape().elements(); ++i) {
          const double w = want[k].number_at(i);
          const double unit = got[k].dtype() == DType::bf16 ? 0x1.1p-8 : 0;
          ASSERT_NEAR(got[k].number_at(i), w, std::abs(w) * unit + 1e-6 * terms)
              << what << " " << attrs_ << " " << in_[0].shape() << " output " << k << " at " << i;
        }
        EXPECT_TRUE(first.empty() || same_bits(got[k], first[k])) << what;
      }
      if (first.empty()) first = got;
    };
    const int runs = for_each_fast_run(of(in_, got_), {}, compare);
    EXPECT_EQ(runs > 0, cpu::usable_isas().back() == cpu::Isa::amx) << op_ << " " << attrs_;
  }

 private:
  KernelCall of(const std::vector<HostTensor>& in, const std::vector<TensorType>& out) const {
    KernelCall call{op_, attrs_, {}, out};
    for (const HostTensor& t : in) call.in.push_back(&t);
    return call;
  }

  std::string_view op_;
  Attrs attrs_;
  std::vector<HostTensor> in_, exact_;
  std::vector<TensorType> got_, want_;
};

}  // namespace kn::test
