// Arguments that several families of ops take.
#pragma once

#include "graph/op_def.h"

namespace kn::ops {

// The shape that the integer vector at `input` gives, or attribute `shape` where there is no such
// input. Extents the graph cannot tell are kUnknown.
Shape shape_argument(const InferContext& c, int input);

// Attribute `name` as one integer per axis.
const Ints& per_axis(const InferContext& c, std::string_view name, int rank);

// a + b and a * b of extents; fail where that is more than can be counted.
Dim extent_sum(const InferContext& c, Dim a, Dim b);
Dim extent_product(const InferContext& c, Dim a, Dim b);

// The dtype that attribute `dtype` names, float32 without it.
DType dtype_argument(const InferContext& c);

}  // namespace kn::ops
