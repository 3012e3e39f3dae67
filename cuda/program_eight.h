// What the instructions of an elementwise program do to eight elements of float32, or of bool as 0
// and 1.
#pragma once

#include "pack.h"
#include "program.h"

namespace kn::cuda {

using Four = Pack<float>;

// What a thread has of a value: two fours, a block's width apart.
constexpr int kFours = 2;
struct Eight {
  float v[4 * kFours];
};

template <class F>
__device__ Eight map(const Eight& a, F f) {
  Eight r;
#pragma unroll
  for (int e = 0; e < 4 * kFours; ++e) r.v[e] = f(a.v[e]);
  return r;
}
template <class F>
__device__ Eight map(const Eight& a, const Eight& b, F f) {
  Eight r;
#pragma unroll
  for (int e = 0; e < 4 * kFours; ++e) r.v[e] = f(a.v[e], b.v[e]);
  return r;
}

template <Opcode kOp>
__device__ Eight one(const ProgramCode& c, const Eight& a) {
  const float p0 = static_cast<float>(c.p0), p1 = static_cast<float>(c.p1);
  return map(a, [&](float x) { return unary(kOp, x, p0, p1); });
}
template <Opcode kOp>
__device__ Eight two(const ProgramCode& c, const Eight& a, const Eight& b) {
  const float p0 = static_cast<float>(c.p0), p1 = static_cast<float>(c.p1);
  return map(a, b, [&](float x, float y) { return binary(kOp, x, y, p0, p1); });
}
template <Opcode kOp>
__device__ Eight test(const Eight& a, const Eight& b) {
  return map(a, b, [](float x, float y) { return comparison(kOp, x, y) ? 1.0f : 0.0f; });
}

// The first element goes, one comes last.
__device__ inline Eight turned(const Eight& x, float last) {
  Eight r;
#pragma unroll
  for (int e = 0; e + 1 < 4 * kFours; ++e) r.v[e] = x.v[e + 1];
  r.v[4 * kFours - 1] = last;
  return r;
}

// Those that are seldom met, one element after the other so that their code is there once.
__device__ inline Eight seldom(const ProgramCode& c, Eight a, Eight b) {
  Eight r{};
#pragma unroll 1
  for (int e = 0; e < 4 * kFours; ++e) {
    const float x = a.v[0], y = b.v[0];
    const float value =
        c.boolean ? (comparison(c.op, x, y) ? 1.0f : 0.0f) : arithmetic(c, x, y, 0.0f);
    r = turned(r, value), a = turned(a, 0), b = turned(b, 0);
  }
  return r;
}

__device__ inline Eight evaluate_binary(const ProgramCode& c, const Eight& a, const Eight& b) {
  switch (c.op) {
    case Opcode::add: return two<Opcode::add>(c, a, b);
    case Opcode::sub: return two<Opcode::sub>(c, a, b);
    case Opcode::mul: return two<Opcode::mul>(c, a, b);
    case Opcode::div: return two<Opcode::div>(c, a, b);
    case Opcode::maximum: return two<Opcode::maximum>(c, a, b);
    case Opcode::minimum: return two<Opcode::minimum>(c, a, b);
    case Opcode::squared_difference: return two<Opcode::squared_difference>(c, a, b);
    case Opcode::relu_grad: return two<Opcode::relu_grad>(c, a, b);
    case Opcode::leaky_relu_grad: return two<Opcode::leaky_relu_grad>(c, a, b);
    case Opcode::sigmoid_grad: return two<Opcode::sigmoid_grad>(c, a, b);
    case Opcode::tanh_grad: return two<Opcode::tanh_grad>(c, a, b);
    case Opcode::clip_grad: return two<Opcode::clip_grad>(c, a, b);
    case Opcode::equal: return test<Opcode::equal>(a, b);
    case Opcode::not_equal: return test<Opcode::not_equal>(a, b);
    case Opcode::less: return test<Opcode::less>(a, b);
    case Opcode::less_equal: return test<Opcode::less_equal>(a, b);
    case Opcode::greater: return test<Opcode::greater>(a, b);
    case Opcode::greater_equal: return test<Opcode::greater_equal>(a, b);
    case Opcode::logical_and: return test<Opcode::logical_and>(a, b);
    case Opcode::logical_or: return test<Opcode::logical_or>(a, b);
    default: return seldom(c, a, b);
  }
}

__device__ inline Eight evaluate_unary(const ProgramCode& c, const Eight& a) {
  switch (c.op) {
    case Opcode::neg: return one<Opcode::neg>(c, a);
    case Opcode::abs: return one<Opcode::abs>(c, a);
    case Opcode::square: return one<Opcode::square>(c, a);
    case Opcode::sqrt: return one<Opcode::sqrt>(c, a);
    case Opcode::rsqrt: return one<Opcode::rsqrt>(c, a);
    case Opcode::reciprocal: return one<Opcode::reciprocal>(c, a);
    case Opcode::exp: return one<Opcode::exp>(c, a);
    case Opcode::log: return one<Opcode::log>(c, a);
    case Opcode::tanh: return one<Opcode::tanh>(c, a);
    case Opcode::sigmoid: return one<Opcode::sigmoid>(c, a);
    case Opcode::hard_sigmoid: return one<Opcode::hard_sigmoid>(c, a);
    case Opcode::relu: return one<Opcode::relu>(c, a);
    case Opcode::leaky_relu: return one<Opcode::leaky_relu>(c, a);
    case Opcode::clip: return one<Opcode::clip>(c, a);
    default: return seldom(c, a, Eight{});
  }
}

// The fours number `number` and `apart` more. Philox draws for four positions at once.
__device__ inline Eight evaluate_all(const ProgramCode& c, const Step& step, uint32_t number,
                                     uint32_t apart, const Eight& a, const Eight& b,
                                     const Eight& third) {
  Eight r;
  switch (c.op) {
    case Opcode::copy: return a;
    case Opcode::cast:
      return c.to == DType::b8 ? map(a, [](float x) { return x != 0 ? 1.0f : 0.0f; }) : a;
    case Opcode::fill: return map(a, [&](float) { return static_cast<float>(c.p0); });
    case Opcode::where:
      for (int e = 0; e < 4 * kFours; ++e) r.v[e] = a.v[e] != 0 ? b.v[e] : third.v[e];
      return r;
    case Opcode::muladd:
      for (int e = 0; e < 4 * kFours; ++e) r.v[e] = a.v[e] * b.v[e] + third.v[e];
      return r;
    case Opcode::dropout: {
      const float scale = static_cast<float>(1 / (1 - c.p0));
      for (int k = 0; k < kFours; ++k) {
        const auto drawn = philox(c.seed, step.number(), number + static_cast<uint32_t>(k) * apart);
        for (int e = 0; e < 4; ++e)
          r.v[4 * k + e] = (drawn.v[e] < c.first_kept ? 0.0f : a.v[4 * k + e]) * scale;
      }
      return r;
    }
    default: return c.arity == 2 ? evaluate_binary(c, a, b) : evaluate_unary(c, a);
  }
}

}  // namespace kn::cuda
