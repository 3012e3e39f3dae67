// Short names for the graph that gradient functions and passes write.
#pragma once

#include "graph/builder.h"

namespace kn::ops {

inline Value add(const Value& a, const Value& b) { return apply("add", {a, b}); }
inline Value sub(const Value& a, const Value& b) { return apply("sub", {a, b}); }
inline Value mul(const Value& a, const Value& b) { return apply("mul", {a, b}); }
inline Value div(const Value& a, const Value& b) { return apply("div", {a, b}); }
inline Value neg(const Value& a) { return apply("neg", {a}); }
// A scalar constant of the other operand's dtype.
inline Value scalar_like(double value, const Value& other) {
  return constant(value, other.dtype());
}
inline Value scale(const Value& a, double factor) { return mul(a, scalar_like(factor, a)); }
inline Value cast(const Value& a, DType dtype) {
  return a.dtype() == dtype ? a : apply("cast", {a}, {{"dtype", std::string(name_of(dtype))}});
}
inline Value zeros_like(const Value& a) { return apply("zeros_like", {a}); }
inline Value ones_like(const Value& a) { return apply("ones_like", {a}); }
inline Value where(const Value& cond, const Value& a, const Value& b) {
  return apply("where", {cond, a, b});
}
// x with ref's shape (equal number of elements).
inline Value reshape_like(const Value& x, const Value& ref) {
  return apply("reshape_like", {x, ref});
}
// Sums x over the axes along which ref was broadcast, to ref's shape.
inline Value sum_like(const Value& x, const Value& ref) { return apply("sum_like", {x, ref}); }
inline Value broadcast_like(const Value& x, const Value& ref) {
  return apply("broadcast_like", {x, ref});
}
inline Value sum(const Value& x, Ints axes, bool keepdims = false) {
  return apply("sum", {x}, {{"axes", std::move(axes)}, {"keepdims", keepdims}});
}

}  // namespace kn::ops
