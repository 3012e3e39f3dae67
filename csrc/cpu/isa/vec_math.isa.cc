// Tile functions of exponentials, logarithms and trigonometry: vec_math.inc and vec_special.inc in
// loops. What models hardly use goes to the C library, an element at a time.
#include "cpu/isa/vec_math.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/tile_loop.inc"
#include "cpu/isa/vec_special.inc"

namespace kn::cpu {
namespace {

using Ops = TileFn (*)[2];
TileFn* row(Ops ops, Opcode op) { return ops[static_cast<int>(op)]; }

constexpr double kSeluSlope = 1.7580993408473766, kSeluScale = 1.0507009873554805;

template <class T>
void set_vectors(Ops t) {
  set_unary<T>(row(t, Opcode::exp), [](auto x, auto) { return vexp(x); });
  set_unary<T>(row(t, Opcode::expm1), [](auto x, auto) { return vexpm1(x); });
  set_unary<T>(row(t, Opcode::log), [](auto x, auto) { return vlog(x); });
  set_unary<T>(row(t, Opcode::log1p), [](auto x, auto) { return vlog1p(x); });
  set_unary<T>(row(t, Opcode::tanh), [](auto x, auto) { return vtanh(x); });
  set_unary<T>(row(t, Opcode::sigmoid), [](auto x, auto) { return vsigmoid(x); });
  set_unary<T>(row(t, Opcode::softplus), [](auto x, auto) { return vsoftplus(x); });
  set_unary<T>(row(t, Opcode::sin), [](auto x, auto) { return vsin(x); });
  set_unary<T>(row(t, Opcode::cos), [](auto x, auto) { return vcos(x); });
  set_unary<T>(row(t, Opcode::tan), [](auto x, auto) { return vtan(x); });
  set_unary<T>(row(t, Opcode::erf), [](auto x, auto) { return verf(x); });
  set_binary<T>(row(t, Opcode::pow), [](auto x, auto y, auto) { return vpow(x, y); });
  set_unary<T>(row(t, Opcode::elu), [](auto x, auto p) { return x < 0 ? vexpm1(x) * p.p0 : x; });
  set_unary<T>(row(t, Opcode::selu),
               [](auto x, auto) { return x < 0 ? vexpm1(x) * T(kSeluSlope) : x * T(kSeluScale); });
}

// The C library's function of either type.
#define KN_LIBRARY(name, arity)                                                    \
  set_elements<float, arity>(row(t, Opcode::name),                                 \
                             [](auto... x) { return __builtin_##name##f(x...); }); \
  set_elements<double, arity>(row(t, Opcode::name),                                \
                              [](auto... x) { return __builtin_##name(x...); });

void set_library(Ops t) {
  KN_LIBRARY(sinh, 1)
  KN_LIBRARY(cosh, 1)
  KN_LIBRARY(asin, 1)
  KN_LIBRARY(acos, 1)
  KN_LIBRARY(atan, 1)
  KN_LIBRARY(atan2, 2)
}
#undef KN_LIBRARY

}  // namespace

KN_FILL(vec_math) {
  const Ops t = table.vec_math.op;
  set_vectors<float>(t);
  set_vectors<double>(t);
  set_library(t);
}

}  // namespace kn::cpu
