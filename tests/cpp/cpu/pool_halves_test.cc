// Pooling of bfloat16 against the reference in float64.
#include "base/window.h"
#include "support/halves.h"

namespace kn::test {
namespace {

Attrs attrs_of(Ints window, Ints strides, const char* padding) {
  return {{"window", window}, {"strides", strides}, {"padding", std::string(padding)}};
}

void check(Shape x, const Attrs& attrs) {
  const Window w = make_window(x, attrs.ints("window"), attrs, "pool");
  Shape y = x;
  y[1] = w[1].out;
  y[2] = w[2].out;
  HalvesCall("max_pool", attrs, {halves(x, 1)}, {y}).check(0);
  HalvesCall("average_pool", attrs, {halves(x, 1)}, {y}).check(1);
  if (attrs.ints("strides")[1] < w[2].window) return;
  Attrs relu = attrs;
  relu.set("relu", true);
  HalvesCall("max_pool_data", attrs, {halves(x, 1), halves(y, 2)}, {x}).check(0);
  HalvesCall("max_pool_data", relu, {halves(x, 1), halves(y, 2)}, {x}).check(0);
  HalvesCall("max_pool_pick", attrs, {halves(x, 1), halves(x, 3)}, {y}).check(0);
}

TEST(PoolHalves, AllRules) {
  check({3, 12, 14, 64}, attrs_of({2, 2}, {2, 2}, "valid"));
  check({3, 13, 11, 37}, attrs_of({2, 2}, {2, 2}, "same"));
  check({2, 13, 15, 5}, attrs_of({3, 2}, {3, 2}, "same"));
  check({2, 13, 15, 40}, attrs_of({3, 3}, {2, 2}, "same"));
}

TEST(PoolHalves, GradientOfAverages) {
  const Shape x{2, 8, 10, 24}, y{2, 4, 5, 24};
  Attrs attrs = attrs_of({2, 2}, {2, 2}, "valid");
  HalvesCall("average_pool_data", attrs, {halves(x, 1), halves(y, 2)}, {x}).check(1);
}

}  // namespace
}  // namespace kn::test
