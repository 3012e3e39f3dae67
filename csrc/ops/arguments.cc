#include "ops/arguments.h"

namespace kn::ops {

Shape shape_argument(const InferContext& c, int input) {
  Shape shape;
  if (c.count() <= input) {
    shape = Shape(c.attrs.ints("shape"));
    for (Dim d : shape)
      if (d < 0) c.fail("expected a shape of sizes; got ", d, " in it");
    return shape;
  }
  if (c.shape(input).rank() != 1 || !is_integer(c.dtype(input)))
    c.fail("expected the shape as an integer vector; got ", c.in(input));
  const KnownInts known = c.ints(input);
  if (!known.known) {
    const Dim rank = c.shape(input)[0];
    if (rank == kUnknown) c.fail("expected a shape vector of known length");
    for (Dim i = 0; i < rank; ++i) shape.push_back(kUnknown);
    return shape;
  }
  for (int64_t d : known.values) {
    if (d < 0 && d != kUnknownInt) c.fail("expected a shape of sizes; got ", d, " in it");
    shape.push_back(d == kUnknownInt ? kUnknown : d);
  }
  return shape;
}

const Ints& per_axis(const InferContext& c, std::string_view name, int rank) {
  const Ints& values = c.attrs.ints(name);
  if (static_cast<int>(values.size()) != rank)
    c.fail("expected ", rank, " values of '", name, "', one per axis of ", c.shape(0), "; got ",
           values.size());
  return values;
}

Dim extent_sum(const InferContext& c, Dim a, Dim b) {
  if (__builtin_add_overflow(a, b, &a)) c.fail("expected extents that can be counted");
  return a;
}

Dim extent_product(const InferContext& c, Dim a, Dim b) {
  if (__builtin_mul_overflow(a, b, &a)) c.fail("expected extents that can be counted");
  return a;
}

DType dtype_argument(const InferContext& c) {
  return parse_dtype(c.attrs.text("dtype", "float32"));
}

}  // namespace kn::ops
