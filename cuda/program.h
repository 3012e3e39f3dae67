// An elementwise program as its kernel reads it: laid out flat, handed over among the kernel's
// parameters, so that nothing has to be copied to the device beforehand. Values of the program live
// in shared memory, one column for each thread.
#pragma once

#include "base/half.h"
#include "base/program.h"
#include "run.h"
#include "runtime/philox.h"
#include "scalar_math.h"

namespace kn::cuda {

// Floats of 32 bits and less as float, integers and bool as int64.
union Slot {
  float f;
  double d;
  int64_t i;
};

struct ProgramInput {
  const void* data;
  DType dtype;
  int64_t stride[kMaxRank];
};

struct ProgramCode {
  double p0, p1;
  uint64_t seed;
  uint32_t first_kept;  // of dropout: smaller words drop
  Opcode op;
  DType from, to;
  uint8_t arity;
  bool boolean;  // yields a bool
  uint8_t operand[3];
};

struct ProgramResult {
  void* data;
  DType dtype;
  uint8_t value;
};

template <int kInputs, int kCode, int kResults>
struct ProgramImage {
  int64_t count;
  int rank, inputs, code_length, results;
  int64_t extent[kMaxRank];
  Step step;
  ProgramInput input[kInputs];
  ProgramCode code[kCode];
  ProgramResult result[kResults];
};

__device__ inline Slot load_slot(DType t, const void* data, int64_t i) {
  Slot s;
  s.i = 0;
  switch (t) {
    case DType::f32: s.f = static_cast<const float*>(data)[i]; break;
    case DType::f64: s.d = static_cast<const double*>(data)[i]; break;
    case DType::i32: s.i = static_cast<const int32_t*>(data)[i]; break;
    case DType::i64: s.i = static_cast<const int64_t*>(data)[i]; break;
    case DType::f16: s.f = f16_to_float(static_cast<const uint16_t*>(data)[i]); break;
    case DType::bf16: s.f = bf16_to_float(static_cast<const uint16_t*>(data)[i]); break;
    default: s.i = static_cast<const uint8_t*>(data)[i]; break;
  }
  return s;
}

__device__ inline void store_slot(DType t, void* data, int64_t i, Slot s) {
  switch (t) {
    case DType::f32: static_cast<float*>(data)[i] = s.f; break;
    case DType::f64: static_cast<double*>(data)[i] = s.d; break;
    case DType::i32: static_cast<int32_t*>(data)[i] = static_cast<int32_t>(s.i); break;
    case DType::i64: static_cast<int64_t*>(data)[i] = s.i; break;
    case DType::f16: static_cast<uint16_t*>(data)[i] = float_to_f16(s.f); break;
    case DType::bf16: static_cast<uint16_t*>(data)[i] = float_to_bf16(s.f); break;
    default: static_cast<uint8_t*>(data)[i] = static_cast<uint8_t>(s.i); break;
  }
}

// Out of range and NaN become the smallest integer, as on x86.
__device__ inline int64_t to_integer(double x, DType to) {
  if (to == DType::b8) return x != 0;
  if (!(x > -9.3e18 && x < 9.2233720368547748e18)) return INT64_MIN;
  const auto whole = static_cast<int64_t>(x);
  if (to == DType::i32 && whole != static_cast<int32_t>(whole)) return INT32_MIN;
  return whole;
}

__device__ inline Slot integer_slot(DType t, int64_t value) {
  Slot s;
  s.i = t == DType::i32  ? static_cast<int32_t>(value)
        : t == DType::u8 ? static_cast<uint8_t>(value)
                         : value;
  return s;
}

// `value` as an element of a float type holds it.
__device__ inline Slot real_slot(DType t, double value) {
  Slot s;
  s.i = 0;
  switch (t) {
    case DType::f64: s.d = value; break;
    case DType::f16: s.f = f16_to_float(float_to_f16(static_cast<float>(value))); break;
    case DType::bf16: s.f = bf16_to_float(float_to_bf16(static_cast<float>(value))); break;
    default: s.f = static_cast<float>(value);
  }
  return s;
}

__device__ inline Slot cast_slot(Slot x, DType from, DType to) {
  if (is_float(from)) {
    const double value = from == DType::f64 ? x.d : static_cast<double>(x.f);
    if (is_float(to)) return real_slot(to, value);
    return integer_slot(to, to_integer(value, to));
  }
  if (to == DType::f64) return real_slot(to, static_cast<double>(x.i));
  if (is_float(to)) return real_slot(to, static_cast<double>(static_cast<float>(x.i)));
  return integer_slot(to, to == DType::b8 ? x.i != 0 : x.i);
}

template <class T>
__device__ T arithmetic(const ProgramCode& c, T a, T b, T third) {
  if (c.op == Opcode::muladd) return a * b + third;
  if (c.op == Opcode::dropout) return a * static_cast<T>(1 / (1 - c.p0));
  return c.arity == 2 ? binary(c.op, a, b, static_cast<T>(c.p0), static_cast<T>(c.p1))
                      : unary(c.op, a, static_cast<T>(c.p0), static_cast<T>(c.p1));
}

__device__ inline int64_t integer_arithmetic(const ProgramCode& c, int64_t a, int64_t b,
                                             int64_t third) {
  if (c.op == Opcode::muladd)
    return integer_binary(Opcode::add, integer_binary(Opcode::mul, a, b, 0, 0), third, 0, 0);
  return c.arity == 2 ? integer_binary(c.op, a, b, c.p0, c.p1) : integer_unary(c.op, a, c.p0, c.p1);
}

__device__ inline Slot evaluate(const ProgramCode& c, Slot a, Slot b, Slot third) {
  switch (c.op) {
    case Opcode::where: return a.i ? b : third;
    case Opcode::cast: return cast_slot(a, c.from, c.to);
    case Opcode::copy: return a;
    case Opcode::fill:
      return is_float(c.to) ? real_slot(c.to, c.p0)
                            : integer_slot(c.to, static_cast<int64_t>(c.p0));
    default: break;
  }
  Slot s;
  s.i = 0;
  const bool wide = c.from == DType::f64;
  if (c.boolean)
    s.i = !is_float(c.from) ? comparison(c.op, a.i, b.i)
          : wide            ? comparison(c.op, a.d, b.d)
                            : comparison(c.op, a.f, b.f);
  else if (!is_float(c.from)) return integer_slot(c.to, integer_arithmetic(c, a.i, b.i, third.i));
  else if (wide) s.d = arithmetic(c, a.d, b.d, third.d);
  else s.f = arithmetic(c, a.f, b.f, third.f);
  return s;
}

// Where a position lies along each axis. Loops over all axes that there may be, so that it stays in
// registers; divisions of 64 bits are slow.
template <class Int, class Image>
__device__ void find_index(const Image& p, Int position, int64_t (&index)[kMaxRank]) {
#pragma unroll
  for (int axis = kMaxRank - 1; axis > 0; --axis) {
    if (axis >= p.rank) continue;
    const auto n = static_cast<Int>(p.extent[axis]);
    index[axis] = position % n;
    position /= n;
  }
  index[0] = position;
}

// One element. `slots` is this thread's column.
template <class Image>
__device__ void run_program(const Image& p, int64_t position, Slot* slots, int stride) {
  int64_t index[kMaxRank] = {};
  if (p.count <= INT32_MAX) find_index(p, static_cast<uint32_t>(position), index);
  else find_index(p, position, index);
  int next = 0;
  for (int i = 0; i < p.inputs; ++i) {
    int64_t at = 0;
#pragma unroll
    for (int axis = 0; axis < kMaxRank; ++axis)
      if (axis < p.rank) at += index[axis] * p.input[i].stride[axis];
    slots[next++ * stride] = load_slot(p.input[i].dtype, p.input[i].data, at);
  }
  for (int k = 0; k < p.code_length; ++k) {
    const ProgramCode& c = p.code[k];
    Slot operand[3] = {};
#pragma unroll
    for (int o = 0; o < 3; ++o)
      if (o < c.arity) operand[o] = slots[c.operand[o] * stride];
    if (c.op == Opcode::dropout) {
      const uint64_t at = static_cast<uint64_t>(position);
      if (philox(c.seed, p.step.number(), at / 4).v[at % 4] < c.first_kept) operand[0].i = 0;
    }
    slots[next++ * stride] = evaluate(c, operand[0], operand[1], operand[2]);
  }
  for (int r = 0; r < p.results; ++r)
    store_slot(p.result[r].dtype, p.result[r].data, position, slots[p.result[r].value * stride]);
}

template <class Image>
__global__ void program_kernel(const __grid_constant__ Image p) {
  Slot* slots = dynamic_shared<Slot>() + threadIdx.x;
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < p.count;
       i += step)
    run_program(p, i, slots, static_cast<int>(blockDim.x));
}

}  // namespace kn::cuda
