// Ops that read and write where integers say. An index outside its axis is neither an error nor
// undefined: reading there gives zeros, writing there does nothing, as on a GPU.
#include "ops/arguments.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

void expect_indices(const InferContext& c, int i) {
  if (!is_integer(c.dtype(i))) c.fail("expected integer indices; got ", c.in(i));
}

// gather(params, indices; axis): `axis` of params is replaced by the axes of the indices.
Shape gathered_shape(const InferContext& c, const Shape& params, const Shape& indices) {
  const int axis = c.axis(c.attrs.integer("axis", 0), params.rank());
  if (params.rank() - 1 + indices.rank() > kMaxRank)
    c.fail("expected a result of at most ", kMaxRank, " axes; got ", params, " and ", indices);
  Shape shape;
  for (int i = 0; i < axis; ++i) shape.push_back(params[i]);
  for (Dim d : indices) shape.push_back(d);
  for (int i = axis + 1; i < params.rank(); ++i) shape.push_back(params[i]);
  return shape;
}

std::vector<TensorType> infer_gather(const InferContext& c) {
  expect_indices(c, 1);
  return {{c.dtype(0), gathered_shape(c, c.shape(0), c.shape(1))}};
}

std::vector<Value> gradient_gather(const GradContext& g) {
  return {
      apply("scatter_add", {g.in(0), g.in(1), g.grad()}, {{"axis", g.attrs().integer("axis", 0)}}),
      Value{}};
}

void expect_updates(const InferContext& c, const Shape& wanted) {
  const Shape& updates = c.shape(2);
  bool fits = updates.rank() == wanted.rank();
  for (int i = 0; fits && i < wanted.rank(); ++i)
    fits = updates[i] == wanted[i] || updates[i] == kUnknown || wanted[i] == kUnknown;
  if (!fits) c.fail("expected updates of shape ", wanted, "; got ", c.in(2));
}

// scatter_add(ref, indices, updates; axis): zeros of ref's shape with the updates added where a
// gather reads. Only the shape of ref matters.
std::vector<TensorType> infer_scatter_add(const InferContext& c) {
  expect_indices(c, 1);
  expect_updates(c, gathered_shape(c, c.shape(0), c.shape(1)));
  return {{c.dtype(2), c.shape(0)}};
}

std::vector<Value> gradient_scatter_add(const GradContext& g) {
  return {Value{}, Value{},
          apply("gather", {g.grad(), g.in(1)}, {{"axis", g.attrs().integer("axis", 0)}})};
}

// Checks that x and indices differ along `axis` only.
void expect_along(const InferContext& c) {
  expect_indices(c, 1);
  const Shape &x = c.shape(0), &indices = c.shape(1);
  const int axis = c.axis(c.attrs.integer("axis", -1), x.rank());
  bool fits = x.rank() == indices.rank();
  for (int i = 0; fits && i < x.rank(); ++i)
    fits = i == axis || x[i] == indices[i] || x[i] == kUnknown || indices[i] == kUnknown;
  if (!fits)
    c.fail("expected shapes equal but for axis ", axis, "; got ", c.in(0), " and ", c.in(1));
}

// take_along(x, indices; axis): out[.., i, ..] = x[.., indices[.., i, ..], ..].
std::vector<TensorType> infer_take_along(const InferContext& c) {
  expect_along(c);
  return {{c.dtype(0), c.shape(1)}};
}

std::vector<Value> gradient_take_along(const GradContext& g) {
  return {apply("put_along", {g.in(0), g.in(1), g.grad()}, g.attrs()), Value{}};
}

// put_along(ref, indices, updates; axis): zeros of ref's shape with the updates added where
// take_along reads.
std::vector<TensorType> infer_put_along(const InferContext& c) {
  expect_along(c);
  expect_updates(c, c.shape(1));
  return {{c.dtype(2), c.shape(0)}};
}

std::vector<Value> gradient_put_along(const GradContext& g) {
  return {Value{}, Value{}, apply("take_along", {g.grad(), g.in(1)}, g.attrs())};
}

// one_hot(indices; depth, dtype) along a new last axis.
std::vector<TensorType> infer_one_hot(const InferContext& c) {
  expect_indices(c, 0);
  const Dim depth = c.attrs.integer("depth");
  if (depth < 0) c.fail("expected a depth of at least 0; got ", depth);
  if (c.shape(0).rank() == kMaxRank) c.fail("expected a rank below ", kMaxRank, "; got ", c.in(0));
  Shape shape = c.shape(0);
  shape.push_back(depth);
  return {{dtype_argument(c), shape}};
}

// top_k(x; k): the k largest of the last axis in falling order, and their indices (int32). Among
// equals the lower index comes first; NaN counts as largest.
std::vector<TensorType> infer_top_k(const InferContext& c) {
  Shape shape = c.shape(0);
  const Dim k = c.attrs.integer("k");
  if (shape.rank() == 0) c.fail("expected at least one axis; got ", c.in(0));
  if (k < 0 || (shape.back() != kUnknown && k > shape.back()))
    c.fail("expected k of at least 0 and at most the last extent of ", shape, "; got ", k);
  shape[shape.rank() - 1] = k;
  return {{c.dtype(0), shape}, {DType::i32, shape}};
}

std::vector<Value> gradient_top_k(const GradContext& g) {
  if (!g.grad(0)) return {Value{}};
  return {apply("put_along", {g.in(0), g.out(1), g.grad(0)}, {{"axis", int64_t{-1}}})};
}

// in_top_k(predictions (N, C), targets (N); k): are there fewer than k classes with a larger
// prediction than the target's? False where that is not finite or the target is no class.
std::vector<TensorType> infer_in_top_k(const InferContext& c) {
  expect_indices(c, 1);
  const Shape &predictions = c.shape(0), &targets = c.shape(1);
  c.attrs.integer("k");
  const bool fits =
      predictions.rank() == 2 && targets.rank() == 1 &&
      (predictions[0] == targets[0] || predictions[0] == kUnknown || targets[0] == kUnknown);
  if (!fits)
    c.fail("expected predictions (N, C) and targets (N,); got ", c.in(0), " and ", c.in(1));
  return {{DType::b8, Shape{predictions[0] == kUnknown ? targets[0] : predictions[0]}}};
}

constexpr std::string_view kIntegers = "it depends on integers alone";

const OpDef kOps[] = {
    {"gather", 2, 2, infer_gather, gradient_gather},
    {"scatter_add", 3, 3, infer_scatter_add, gradient_scatter_add, {}, 0, 1},
    {"take_along", 2, 2, infer_take_along, gradient_take_along},
    {"put_along", 3, 3, infer_put_along, gradient_put_along, {}, 0, 1},
    {"one_hot", 1, 1, infer_one_hot, nullptr, kIntegers},
    {"top_k", 1, 1, infer_top_k, gradient_top_k},
    {"in_top_k", 2, 2, infer_in_top_k, nullptr, "it yields booleans"},
};

}  // namespace

std::span<const OpDef> index() { return kOps; }

}  // namespace kn::ops
