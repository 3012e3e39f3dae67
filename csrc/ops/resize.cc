// Images (N, H, W, C) of another height and width.
#include "ops/arguments.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

void expect_images(const InferContext& c, int i) {
  if (c.shape(i).rank() != 4) c.fail("expected images (N, H, W, C); got ", c.in(i));
}

// resize(x; size [h, w] | factors [fh, fw]; half_pixel) or resize(x, ref; half_pixel) to the height
// and width of ref.
std::vector<TensorType> infer_resize(const InferContext& c) {
  expect_images(c, 0);
  Shape shape = c.shape(0);
  const bool by_ref = c.count() == 2, by_size = c.attrs.has("size");
  if (by_ref) expect_images(c, 1);
  const Ints wanted = by_ref ? Ints{} : c.attrs.ints(by_size ? "size" : "factors");
  if (!by_ref && wanted.size() != 2)
    c.fail("expected two values, for height and width; got ", wanted.size());
  for (int i = 0; i < 2; ++i) {
    const int axis = i + 1;
    if (!by_ref && wanted[i] < 1)
      c.fail("expected a height and width of at least 1; got ", wanted[0], " and ", wanted[1]);
    if (shape[axis] == 0) c.fail("expected images with pixels; got ", shape);
    if (by_ref) shape[axis] = c.shape(1)[axis];
    else if (by_size) shape[axis] = wanted[i];
    else if (shape[axis] != kUnknown) shape[axis] = extent_product(c, shape[axis], wanted[i]);
  }
  return {{c.dtype(0), shape}};
}

// resize_…_grad(grad, x; half_pixel), of x's shape.
std::vector<TensorType> infer_resize_grad(const InferContext& c) {
  expect_images(c, 0);
  expect_images(c, 1);
  return {{c.dtype(0), c.shape(1)}};
}

std::vector<Value> backward(const GradContext& g, std::string_view op) {
  std::vector<Value> grads(g.node->inputs.size());
  grads[0] = apply(op, {g.grad(), g.in(0)}, {{"half_pixel", g.attrs().flag("half_pixel", false)}});
  return grads;
}

std::vector<Value> gradient_nearest(const GradContext& g) {
  return backward(g, "resize_nearest_grad");
}
std::vector<Value> gradient_bilinear(const GradContext& g) {
  return backward(g, "resize_bilinear_grad");
}
// Linear in the gradient: the transposed of the transposed is the resize itself.
std::vector<Value> gradient_nearest_grad(const GradContext& g) {
  return backward(g, "resize_nearest");
}
std::vector<Value> gradient_bilinear_grad(const GradContext& g) {
  return backward(g, "resize_bilinear");
}

const OpDef kOps[] = {
    {"resize_nearest", 1, 2, infer_resize, gradient_nearest, {}, 0, 2},
    {"resize_bilinear", 1, 2, infer_resize, gradient_bilinear, {}, 0, 2},
    {"resize_nearest_grad", 2, 2, infer_resize_grad, gradient_nearest_grad, {}, 0, 2},
    {"resize_bilinear_grad", 2, 2, infer_resize_grad, gradient_bilinear_grad, {}, 0, 2},
};

}  // namespace

std::span<const OpDef> resize() { return kOps; }

}  // namespace kn::ops
