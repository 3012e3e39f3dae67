// Ops that put whole elements in other places: transpose, concat, stack, split, tile, repeat.
#include "ops/arguments.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

std::vector<TensorType> infer_transpose(const InferContext& c) {
  const Shape& x = c.shape(0);
  const Ints& perm = per_axis(c, "perm", x.rank());
  Shape shape;
  unsigned seen = 0;
  for (int64_t axis : perm) {
    if (axis < 0 || axis >= x.rank() || (seen >> axis & 1))
      c.fail("expected 'perm' to name each axis of ", x, " once; got ", Shape(perm));
    seen |= 1u << axis;
    shape.push_back(x[static_cast<int>(axis)]);
  }
  return {{c.dtype(0), shape}};
}

std::vector<Value> gradient_transpose(const GradContext& g) {
  const Ints& perm = g.attrs().ints("perm");
  Ints inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) inverse[perm[i]] = static_cast<int64_t>(i);
  return {apply("transpose", {g.grad()}, {{"perm", inverse}})};
}

// Narrows the unknown extents of `shape` by those of input i, which must agree but along `axis`
// (-1: everywhere).
void agree(const InferContext& c, Shape& shape, int i, int axis) {
  const Shape& other = c.shape(i);
  if (other.rank() != shape.rank() || c.dtype(i) != c.dtype(0))
    c.fail("expected inputs of one rank and dtype; got ", c.in(0), " and ", c.in(i));
  for (int a = 0; a < shape.rank(); ++a) {
    if (a == axis) continue;
    if (shape[a] == kUnknown) shape[a] = other[a];
    else if (other[a] != kUnknown && other[a] != shape[a])
      c.fail("expected inputs that agree along axis ", a, "; got ", c.in(0), " and ", c.in(i));
  }
}

std::vector<TensorType> infer_concat(const InferContext& c) {
  Shape shape = c.shape(0);
  if (shape.rank() == 0) c.fail("expected inputs with at least one axis; got ", c.in(0));
  const int axis = c.axis(c.attrs.integer("axis"), shape.rank());
  for (int i = 1; i < c.count(); ++i) {
    agree(c, shape, i, axis);
    const Dim more = c.shape(i)[axis];
    const bool known = shape[axis] != kUnknown && more != kUnknown;
    shape[axis] = known ? extent_sum(c, shape[axis], more) : kUnknown;
  }
  return {{c.dtype(0), shape}};
}

std::vector<Value> gradient_concat(const GradContext& g) {
  const std::vector<Value>& inputs = g.node->inputs;
  if (inputs.size() == 1) return {g.grad()};
  const int64_t axis = g.attrs().integer("axis");
  const int at = normalize_axis(axis, inputs[0].shape().rank(), "concat");
  Ints sizes;
  bool known = true;
  for (const Value& x : inputs) {
    sizes.push_back(x.shape()[at]);
    known = known && x.shape()[at] != kUnknown;
  }
  if (known) return apply_all("split", {g.grad()}, {{"axis", axis}, {"sizes", sizes}});
  std::vector<Value> operands = {g.grad()};
  operands.insert(operands.end(), inputs.begin(), inputs.end());
  return apply_all("split_like", operands, {{"axis", axis}});
}

std::vector<TensorType> infer_stack(const InferContext& c) {
  Shape shape = c.shape(0);
  const int axis = c.axis(c.attrs.integer("axis"), shape.rank() + 1);
  for (int i = 1; i < c.count(); ++i) agree(c, shape, i, -1);
  if (shape.rank() == kMaxRank) c.fail("expected a rank below ", kMaxRank, "; got ", shape);
  shape.insert(axis, c.count());
  return {{c.dtype(0), shape}};
}

std::vector<Value> gradient_stack(const GradContext& g) {
  const int64_t axis = g.attrs().integer("axis");
  std::vector<Value> parts =
      apply_all("split", {g.grad()}, {{"axis", axis}, {"sizes", Ints(g.node->inputs.size(), 1)}});
  for (Value& part : parts) part = apply("squeeze", {part}, {{"axis", axis}});
  return parts;
}

std::vector<TensorType> infer_split(const InferContext& c) {
  const Shape& x = c.shape(0);
  const int axis = c.axis(c.attrs.integer("axis"), x.rank());
  const Ints& sizes = c.attrs.ints("sizes");
  std::vector<TensorType> parts;
  Dim total = 0;
  for (Dim size : sizes) {
    if (size < 0) c.fail("expected sizes of at least 0; got ", size);
    total = extent_sum(c, total, size);
    Shape shape = x;
    shape[axis] = size;
    parts.push_back({c.dtype(0), shape});
  }
  if (parts.empty() || (x[axis] != kUnknown && x[axis] != total))
    c.fail("expected sizes that add up to ", x[axis], ", axis ", axis, " of ", x, "; got ",
           parts.size(), " of sum ", total);
  return parts;
}

// split_like(x, ref0, ref1, …): parts of the references' extents along `axis`.
std::vector<TensorType> infer_split_like(const InferContext& c) {
  const Shape& x = c.shape(0);
  const int axis = c.axis(c.attrs.integer("axis"), x.rank());
  std::vector<TensorType> parts;
  for (int i = 1; i < c.count(); ++i) {
    if (c.shape(i).rank() != x.rank())
      c.fail("expected references of rank ", x.rank(), "; got ", c.in(i));
    Shape shape = x;
    shape[axis] = c.shape(i)[axis];
    parts.push_back({c.dtype(0), shape});
  }
  return parts;
}

std::vector<Value> gradient_split(const GradContext& g) {
  std::vector<Value> parts;
  for (int i = 0; i < static_cast<int>(g.grads.size()); ++i)
    parts.push_back(g.grad(i) ? g.grad(i) : zeros_like(g.out(i)));
  std::vector<Value> grads(g.node->inputs.size());
  grads[0] = apply("concat", parts, {{"axis", g.attrs().integer("axis")}});
  return grads;
}

// Repetitions per axis, from attribute `reps` or a second input; kUnknown where not known.
Ints repetitions(const InferContext& c) {
  const int rank = c.shape(0).rank();
  if (c.count() == 1) {
    for (int64_t r : per_axis(c, "reps", rank))
      if (r < 0) c.fail("expected repetitions of at least 0; got ", r);
    return c.attrs.ints("reps");
  }
  const Shape& given = c.shape(1);
  if (!is_integer(c.dtype(1)) || given.rank() != 1 || (given[0] != kUnknown && given[0] != rank))
    c.fail("expected ", rank, " repetitions as an integer vector; got ", c.in(1));
  const KnownInts known = c.ints(1);
  if (!known.known) return Ints(rank, kUnknown);
  Ints reps;
  for (int64_t r : known.values) {
    if (r < 0 && r != kUnknownInt) c.fail("expected repetitions of at least 0; got ", r);
    reps.push_back(r == kUnknownInt ? kUnknown : r);
  }
  return reps;
}

std::vector<TensorType> infer_tile(const InferContext& c) {
  Shape shape = c.shape(0);
  const Ints reps = repetitions(c);
  for (int i = 0; i < shape.rank(); ++i) {
    const bool known = shape[i] != kUnknown && reps[i] != kUnknown;
    shape[i] = known ? extent_product(c, shape[i], reps[i]) : kUnknown;
  }
  return {{c.dtype(0), shape}};
}

// tile_sum(x, ref): the sum of x's tiles, each of ref's shape.
std::vector<TensorType> infer_tile_sum(const InferContext& c) {
  const Shape &x = c.shape(0), &ref = c.shape(1);
  if (x.rank() != ref.rank()) c.fail("expected tiles of rank ", x.rank(), "; got ", c.in(1));
  for (int i = 0; i < x.rank(); ++i) {
    if (x[i] == kUnknown || ref[i] == kUnknown) continue;
    if (ref[i] == 0 ? x[i] != 0 : x[i] % ref[i] != 0)
      c.fail("expected whole tiles of ", ref, "; got ", x);
  }
  return {{c.dtype(0), ref}};
}

std::vector<Value> gradient_tile(const GradContext& g) {
  std::vector<Value> grads(g.node->inputs.size());
  grads[0] = apply("tile_sum", {g.grad(), g.in(0)});
  return grads;
}

// Repetitions are the quotients of the shapes: 1 where both are 0, since 0 of 0 is 0 tiled once.
std::vector<Value> gradient_tile_sum(const GradContext& g) {
  const Value one = constant_ints({1});
  const Value whole = apply("shape_of", {g.in(0)}), part = apply("shape_of", {g.in(1)});
  const Value reps = apply("floordiv", {whole, apply("maximum", {part, one})});
  return {apply("tile", {g.grad(), reps}), Value{}};
}

Dim repeats_of(const InferContext& c) {
  const Dim repeats = c.attrs.integer("repeats");
  if (repeats < 1) c.fail("expected at least 1 repeat; got ", repeats);
  return repeats;
}

std::vector<TensorType> infer_repeat(const InferContext& c) {
  Shape shape = c.shape(0);
  const int axis = c.axis(c.attrs.integer("axis"), shape.rank());
  if (shape[axis] != kUnknown) shape[axis] = extent_product(c, shape[axis], repeats_of(c));
  return {{c.dtype(0), shape}};
}

// The sum of each run of `repeats` neighbours along `axis`.
std::vector<TensorType> infer_repeat_sum(const InferContext& c) {
  Shape shape = c.shape(0);
  const int axis = c.axis(c.attrs.integer("axis"), shape.rank());
  const Dim repeats = repeats_of(c);
  if (shape[axis] != kUnknown) {
    if (shape[axis] % repeats != 0)
      c.fail("expected a multiple of ", repeats, " along axis ", axis, "; got ", shape);
    shape[axis] /= repeats;
  }
  return {{c.dtype(0), shape}};
}

std::vector<Value> gradient_repeat(const GradContext& g) {
  return {apply("repeat_sum", {g.grad()}, g.attrs())};
}
std::vector<Value> gradient_repeat_sum(const GradContext& g) {
  return {apply("repeat", {g.grad()}, g.attrs())};
}

const OpDef kOps[] = {
    {"transpose", 1, 1, infer_transpose, gradient_transpose},
    {"concat", 1, -1, infer_concat, gradient_concat},
    {"stack", 1, -1, infer_stack, gradient_stack},
    {"split", 1, 1, infer_split, gradient_split},
    {"split_like", 2, -1, infer_split_like, gradient_split, {}, 0, ~1u},
    {"tile", 1, 2, infer_tile, gradient_tile},
    {"tile_sum", 2, 2, infer_tile_sum, gradient_tile_sum, {}, 0, 2},
    {"repeat", 1, 1, infer_repeat, gradient_repeat},
    {"repeat_sum", 1, 1, infer_repeat_sum, gradient_repeat_sum},
};

}  // namespace

std::span<const OpDef> movement() { return kOps; }

}  // namespace kn::ops
