// Tensors made from numbers alone: full, arange, eye.
#include <cmath>

#include "ops/arguments.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

// full([shape tensor]; shape, value, dtype)
std::vector<TensorType> infer_full(const InferContext& c) {
  const DType dtype = dtype_argument(c);
  c.attrs.number("value");
  return {{dtype, shape_argument(c, 0)}};
}

// arange(; start, stop, step, dtype): start, start + step, … before stop.
std::vector<TensorType> infer_arange(const InferContext& c) {
  const double start = c.attrs.number("start", 0), stop = c.attrs.number("stop");
  const double step = c.attrs.number("step", 1);
  if (step == 0 || !std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step))
    c.fail("expected finite bounds and a step other than 0; got ", start, ", ", stop, " and ",
           step);
  const double count = std::ceil((stop - start) / step);
  if (count > 0x1p53) c.fail("expected at most 2^53 elements; got ", count);
  return {{dtype_argument(c), Shape{count > 0 ? static_cast<Dim>(count) : 0}}};
}

// eye(; n, columns = n, dtype)
std::vector<TensorType> infer_eye(const InferContext& c) {
  const Dim n = c.attrs.integer("n"), columns = c.attrs.integer("columns", n);
  if (n < 0 || columns < 0) c.fail("expected sizes of at least 0; got ", n, " and ", columns);
  return {{dtype_argument(c), Shape{n, columns}}};
}

std::vector<Value> gradient_none(const GradContext& g) {
  return std::vector<Value>(g.node->inputs.size());
}

const OpDef kOps[] = {
    {"full", 0, 1, infer_full, gradient_none},
    {"arange", 0, 0, infer_arange, gradient_none},
    {"eye", 0, 0, infer_eye, gradient_none},
};

}  // namespace

std::span<const OpDef> fill() { return kOps; }

}  // namespace kn::ops
