// Random numbers as functions of (seed, step of the run, position); see runtime/philox.h.
#include "ops/arguments.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

TensorType drawn(const InferContext& c) {
  c.attrs.integer("seed");
  return {dtype_argument(c), shape_argument(c, 0)};
}

TensorType drawn_float(const InferContext& c) {
  const TensorType type = drawn(c);
  if (!is_float(type.dtype)) c.fail("expected a float dtype; got ", name_of(type.dtype));
  return type;
}

// random_uniform([shape tensor]; shape, low, high, dtype, seed): in [low, high).
std::vector<TensorType> infer_uniform(const InferContext& c) {
  const TensorType type = drawn(c);
  const double low = c.attrs.number("low", 0), high = c.attrs.number("high", 1);
  if (is_integer(type.dtype)) {
    const double least = type.dtype == DType::u8 ? 0 : type.dtype == DType::i32 ? -0x1p31 : -0x1p63;
    const double end = type.dtype == DType::u8 ? 0x1p8 : -least;
    if (!(low >= least && low < high && high <= end))
      c.fail("expected ", least, " <= low < high <= ", end, " for ", name_of(type.dtype), "; got ",
             low, " and ", high);
    return {type};
  }
  if (!(low <= high)) c.fail("expected low <= high; got ", low, " and ", high);
  return {drawn_float(c)};
}

// random_normal and truncated_normal([shape tensor]; shape, mean, stddev, dtype, seed).
std::vector<TensorType> infer_normal(const InferContext& c) {
  c.attrs.number("mean", 0);
  if (const double stddev = c.attrs.number("stddev", 1); !(stddev >= 0))
    c.fail("expected stddev >= 0; got ", stddev);
  return {drawn_float(c)};
}

// random_bernoulli([shape tensor]; shape, p, dtype, seed): 1 with probability p, else 0.
std::vector<TensorType> infer_bernoulli(const InferContext& c) {
  if (const double p = c.attrs.number("p"); !(p >= 0 && p <= 1))
    c.fail("expected p in [0, 1]; got ", p);
  return {drawn(c)};
}

// dropout(x; rate, seed, noise_shape): x / (1 - rate) or 0. noise_shape has one entry per axis of
// x: its extent, 1 to share one draw along the axis, or -1 for x's extent.
std::vector<TensorType> infer_dropout(const InferContext& c) {
  const Shape& x = c.shape(0);
  if (!is_float(c.dtype(0))) c.fail("expected a float dtype; got ", c.in(0));
  c.attrs.integer("seed");
  if (const double rate = c.attrs.number("rate"); !(rate >= 0 && rate < 1))
    c.fail("expected a rate in [0, 1); got ", rate);
  if (c.attrs.has("noise_shape")) {
    const Ints& noise = per_axis(c, "noise_shape", x.rank());
    for (int i = 0; i < x.rank(); ++i)
      if (noise[i] != 1 && noise[i] != kUnknown && x[i] != kUnknown && noise[i] != x[i])
        c.fail("expected a noise_shape of 1, -1 or the extent along each axis of ", x, "; got ",
               noise[i], " at axis ", i);
  }
  return {c.in(0)};
}

// The same seed and step give the same mask.
std::vector<Value> gradient_dropout(const GradContext& g) {
  return {apply("dropout", {g.grad()}, g.attrs())};
}

std::vector<Value> gradient_none(const GradContext& g) {
  return std::vector<Value>(g.node->inputs.size());
}

const OpDef kOps[] = {
    {"random_uniform", 0, 1, infer_uniform, gradient_none, {}, kRandom},
    {"random_normal", 0, 1, infer_normal, gradient_none, {}, kRandom},
    {"truncated_normal", 0, 1, infer_normal, gradient_none, {}, kRandom},
    {"random_bernoulli", 0, 1, infer_bernoulli, gradient_none, {}, kRandom},
    {"dropout", 1, 1, infer_dropout, gradient_dropout, {}, kRandom},
};

}  // namespace

std::span<const OpDef> random() { return kOps; }

}  // namespace kn::ops
