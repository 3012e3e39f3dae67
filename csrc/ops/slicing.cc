// Ops that take or surround a part of a tensor: slice, pad, reverse.
#include "base/slice.h"
#include "ops/arguments.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

// Extent of begin:end:step along an axis of n elements, as far as it is known.
Dim sliced(int64_t begin, int64_t end, int64_t step, Dim n) {
  if (n != kUnknown) return resolve_slice(begin, end, step, n).count;
  // What is empty for every n. The rest depends on n, even begin:begin+1.
  const bool same_side = (begin < 0) == (end < 0) && end != kSliceToEnd;
  return same_side && (step > 0 ? end <= begin : end >= begin) ? 0 : kUnknown;
}

Shape sliced_shape(const InferContext& c, const Shape& x) {
  const Ints& begin = per_axis(c, "begin", x.rank());
  const Ints& end = per_axis(c, "end", x.rank());
  const Ints& strides = per_axis(c, "strides", x.rank());
  Shape shape;
  for (int i = 0; i < x.rank(); ++i) {
    if (strides[i] == 0) c.fail("expected strides other than 0; got 0 at axis ", i);
    shape.push_back(sliced(begin[i], end[i], strides[i], x[i]));
  }
  return shape;
}

std::vector<TensorType> infer_slice(const InferContext& c) {
  return {{c.dtype(0), sliced_shape(c, c.shape(0))}};
}

// slice_grad(part, x; attributes of the slice): zeros of x's shape with `part` where slice(x) was.
std::vector<TensorType> infer_slice_grad(const InferContext& c) {
  const Shape &part = c.shape(0), &x = c.shape(1);
  if (part.rank() != x.rank()) c.fail("expected a part of rank ", x.rank(), "; got ", c.in(0));
  const Shape wanted = sliced_shape(c, x);
  for (int i = 0; i < x.rank(); ++i)
    if (part[i] != kUnknown && wanted[i] != kUnknown && part[i] != wanted[i])
      c.fail("expected a part of shape ", wanted, "; got ", part);
  return {{c.dtype(0), x}};
}

std::vector<Value> gradient_slice(const GradContext& g) {
  return {apply("slice_grad", {g.grad(), g.in(0)}, g.attrs())};
}
std::vector<Value> gradient_slice_grad(const GradContext& g) {
  return {apply("slice", {g.grad()}, g.attrs()), Value{}};
}

const Ints& paddings_of(const InferContext& c) {
  const Ints& paddings = c.attrs.ints("paddings");
  if (static_cast<int>(paddings.size()) != 2 * c.shape(0).rank())
    c.fail("expected paddings before and after each axis of ", c.shape(0), "; got ",
           paddings.size(), " values");
  for (int64_t p : paddings)
    if (p < 0) c.fail("expected paddings of at least 0; got ", p);
  return paddings;
}

// Most elements that `mode` can add at one side of an axis of n elements.
Dim most_padding(const InferContext& c, const std::string& mode, Dim n) {
  if (mode == "constant") return INT64_MAX;
  if (mode == "reflect") return n > 0 ? n - 1 : 0;
  if (mode == "symmetric") return n;
  c.fail("expected mode constant, reflect or symmetric; got '", mode, "'");
}

std::vector<TensorType> infer_pad(const InferContext& c) {
  const Ints& paddings = paddings_of(c);
  const std::string mode = c.attrs.text("mode", "constant");
  Shape shape = c.shape(0);
  for (int i = 0; i < shape.rank(); ++i) {
    const Dim before = paddings[2 * i], after = paddings[2 * i + 1];
    const Dim most = most_padding(c, mode, shape[i]);
    if (shape[i] == kUnknown) continue;
    if (before > most || after > most)
      c.fail("expected at most ", most, " elements of ", mode, " padding along axis ", i, " of ",
             c.shape(0), "; got ", before, " and ", after);
    shape[i] = extent_sum(c, extent_sum(c, shape[i], before), after);
  }
  return {{c.dtype(0), shape}};
}

// pad_grad(x; attributes of the pad): each element's copies in x added up.
std::vector<TensorType> infer_pad_grad(const InferContext& c) {
  const Ints& paddings = paddings_of(c);
  Shape shape = c.shape(0);
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == kUnknown) continue;
    shape[i] -= paddings[2 * i] + paddings[2 * i + 1];
    if (shape[i] < 0) c.fail("expected more elements than paddings; got ", c.shape(0));
  }
  return {{c.dtype(0), shape}};
}

std::vector<Value> gradient_pad(const GradContext& g) {
  if (g.attrs().text("mode", "constant") != "constant")
    return {apply("pad_grad", {g.grad()}, g.attrs())};
  const Ints& paddings = g.attrs().ints("paddings");
  const size_t rank = paddings.size() / 2;
  Ints begin(rank), end(rank);
  for (size_t i = 0; i < rank; ++i) {
    begin[i] = paddings[2 * i];
    end[i] = paddings[2 * i + 1] ? -paddings[2 * i + 1] : kSliceToEnd;
  }
  return {apply("slice", {g.grad()}, {{"begin", begin}, {"end", end}, {"strides", Ints(rank, 1)}})};
}

std::vector<Value> gradient_pad_grad(const GradContext& g) {
  return {apply("pad", {g.grad()}, g.attrs())};
}

std::vector<TensorType> infer_reverse(const InferContext& c) {
  for (int64_t axis : c.attrs.ints("axes")) c.axis(axis, c.shape(0).rank());
  return {c.in(0)};
}

std::vector<Value> gradient_reverse(const GradContext& g) {
  return {apply("reverse", {g.grad()}, g.attrs())};
}

const OpDef kOps[] = {
    {"slice", 1, 1, infer_slice, gradient_slice},
    {"slice_grad", 2, 2, infer_slice_grad, gradient_slice_grad, {}, 0, 2},
    {"pad", 1, 1, infer_pad, gradient_pad},
    {"pad_grad", 1, 1, infer_pad_grad, gradient_pad_grad},
    {"reverse", 1, 1, infer_reverse, gradient_reverse},
};

}  // namespace

std::span<const OpDef> slicing() { return kOps; }

}  // namespace kn::ops
