// Shapes as values, and ops that only change a tensor's shape. The aliases cost nothing at run
// time: the plan gives them their input's memory.
#include <algorithm>

#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

std::vector<TensorType> infer_shape_of(const InferContext& c) {
  return {{DType::i64, Shape{c.shape(0).rank()}}};
}

std::vector<TensorType> infer_size_of(const InferContext&) { return {{DType::i64, Shape{}}}; }

std::vector<TensorType> infer_same(const InferContext& c) { return {c.in(0)}; }

// The wanted shape, from attribute `shape` or from a second input as far as its contents are known.
Shape wanted_shape(const InferContext& c) {
  if (c.count() == 1) {
    for (int64_t d : c.attrs.ints("shape"))
      if (d < -1) c.fail("expected a shape of sizes and at most one -1; got ", d);
    return Shape(c.attrs.ints("shape"));
  }
  if (c.shape(1).rank() != 1 || !is_integer(c.dtype(1)))
    c.fail("expected the shape as an integer vector; got ", c.in(1));
  const KnownInts known = c.ints(1);
  Shape shape;
  if (known.known) {
    for (int64_t d : known.values) shape.push_back(d == kUnknownInt ? kUnknown : d);
  } else {
    const Dim rank = c.shape(1)[0];
    if (rank == kUnknown) c.fail("expected a shape vector of known length");
    for (Dim i = 0; i < rank; ++i) shape.push_back(kUnknown);
  }
  return shape;
}

// Fills the one unknown extent of `shape` from the input's size where that is known.
std::vector<TensorType> infer_reshape(const InferContext& c) {
  Shape shape = wanted_shape(c);
  const Shape& from = c.shape(0);
  int open = -1, unknowns = 0;
  Dim rest = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == kUnknown) open = i, ++unknowns;
    else rest *= shape[i];
  }
  if (from.known()) {
    const Dim n = from.elements();
    if (unknowns == 1 && rest != 0 && n % rest == 0) shape[open] = n / rest;
    else if (unknowns == 1 && rest == 0 && n == 0) shape[open] = 0;
    if (unknowns <= 1 && (!shape.known() || shape.elements() != n))
      c.fail("expected a shape of ", n, " elements for input ", from, "; got ", shape);
  }
  return {{c.dtype(0), shape}};
}

std::vector<TensorType> infer_reshape_like(const InferContext& c) {
  if (c.shape(0).known() && c.shape(1).known() && c.shape(0).elements() != c.shape(1).elements())
    c.fail("expected as many elements as ", c.shape(1), "; got ", c.shape(0));
  return {{c.dtype(0), c.shape(1)}};
}

std::vector<TensorType> infer_expand_dims(const InferContext& c) {
  Shape shape = c.shape(0);
  shape.insert(c.axis(c.attrs.integer("axis"), shape.rank() + 1), 1);
  return {{c.dtype(0), shape}};
}

std::vector<TensorType> infer_squeeze(const InferContext& c) {
  Shape shape = c.shape(0);
  const int axis = c.axis(c.attrs.integer("axis"), shape.rank());
  if (shape[axis] != 1 && shape[axis] != kUnknown)
    c.fail("expected size 1 at axis ", axis, "; got ", shape);
  shape.erase(axis);
  return {{c.dtype(0), shape}};
}

// Declares what the user knows better: attribute `shape` with -1 for "as it is".
std::vector<TensorType> infer_ensure_shape(const InferContext& c) {
  const Shape wanted(c.attrs.ints("shape"));
  Shape shape = c.shape(0);
  if (wanted.rank() != shape.rank()) c.fail("expected rank ", wanted.rank(), "; got ", shape);
  for (int i = 0; i < shape.rank(); ++i) {
    if (wanted[i] == kUnknown) continue;
    if (shape[i] != kUnknown && shape[i] != wanted[i])
      c.fail("expected shape ", wanted, "; got ", shape);
    shape[i] = wanted[i];
  }
  return {{c.dtype(0), shape}};
}

std::vector<Value> gradient_reshape(const GradContext& g) {
  std::vector<Value> grads(g.node->inputs.size());
  grads[0] = reshape_like(g.grad(), g.in(0));
  return grads;
}

std::vector<Value> gradient_identity(const GradContext& g) { return {g.grad()}; }
std::vector<Value> gradient_stop(const GradContext&) { return {Value{}}; }

// select_phase(phase, in_training, otherwise): a plan is made for one phase and keeps one branch.
std::vector<TensorType> infer_select_phase(const InferContext& c) {
  if (c.dtype(1) != c.dtype(2))
    c.fail("expected both branches of one dtype; got ", c.in(1), " and ", c.in(2));
  Shape shape = c.shape(1);
  if (shape.rank() != c.shape(2).rank())
    c.fail("expected both branches of one rank; got ", c.in(1), " and ", c.in(2));
  for (int i = 0; i < shape.rank(); ++i)
    if (shape[i] != c.shape(2)[i]) shape[i] = kUnknown;
  return {{c.dtype(1), shape}};
}

std::vector<Value> gradient_select_phase(const GradContext& g) {
  const Value zero = zeros_like(g.grad());
  return {Value{}, apply("select_phase", {g.in(0), g.grad(), zero}),
          apply("select_phase", {g.in(0), zero, g.grad()})};
}

constexpr std::string_view kIntegers = "it yields integers";

const OpDef kOps[] = {
    {"shape_of", 1, 1, infer_shape_of, nullptr, kIntegers},
    {"size_of", 1, 1, infer_size_of, nullptr, kIntegers},
    {"identity", 1, 1, infer_same, gradient_identity, {}, kAlias},
    {"stop_gradient", 1, 1, infer_same, gradient_stop, {}, kAlias},
    {"reshape", 1, 2, infer_reshape, gradient_reshape, {}, kAlias},
    {"reshape_like", 2, 2, infer_reshape_like, gradient_reshape, {}, kAlias},
    {"expand_dims", 1, 1, infer_expand_dims, gradient_reshape, {}, kAlias},
    {"squeeze", 1, 1, infer_squeeze, gradient_reshape, {}, kAlias},
    {"ensure_shape", 1, 1, infer_ensure_shape, gradient_reshape, {}, kAlias},
    {"select_phase", 3, 3, infer_select_phase, gradient_select_phase},
};

}  // namespace

std::span<const OpDef> shape() { return kOps; }

}  // namespace kn::ops
