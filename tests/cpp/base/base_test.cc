// Shapes, broadcasting, attributes, dtypes.
#include <gtest/gtest.h>

#include <limits>

#include "base/attrs.h"
#include "base/error.h"
#include "base/shape.h"

namespace kn {
namespace {

TEST(Shape, PrintsAsKerasDoes) {
  EXPECT_EQ(to_string(Shape{kUnknown, 28, 28, 1}), "(None, 28, 28, 1)");
  EXPECT_EQ(to_string(Shape{kUnknown}), "(None,)");
  EXPECT_EQ(to_string(Shape{}), "()");
}

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape{}.elements(), 1);
  EXPECT_EQ((Shape{3, 0, 5}).elements(), 0);
  EXPECT_EQ((Shape{2, 3, 4}).elements(1, 3), 12);
  EXPECT_THROW((Shape{kUnknown, 3}).elements(), ValueError);
  const Dim big = std::numeric_limits<Dim>::max() / 2;
  EXPECT_THROW((Shape{big, big}).elements(), ValueError);
}

TEST(Shape, HasAtMostEightAxes) {
  EXPECT_THROW((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), ValueError);
  Shape s{1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_THROW(s.push_back(1), ValueError);
  EXPECT_THROW(s.insert(0, 1), ValueError);
}

TEST(Broadcast, AsNumPy) {
  EXPECT_EQ(broadcast({4, 1, 3}, {2, 1}, "t"), (Shape{4, 2, 3}));
  EXPECT_EQ(broadcast({}, {2, 1}, "t"), (Shape{2, 1}));
  EXPECT_EQ(broadcast({0, 3}, {1, 3}, "t"), (Shape{0, 3}));
  EXPECT_THROW(broadcast({2, 3}, {4, 3}, "t"), ValueError);
}

TEST(Broadcast, UnknownExtents) {
  EXPECT_EQ(broadcast({kUnknown, 3}, {1, 3}, "t"), (Shape{kUnknown, 3}));
  EXPECT_EQ(broadcast({kUnknown, 3}, {7, 3}, "t"), (Shape{7, 3}));
  EXPECT_EQ(broadcast({kUnknown}, {kUnknown}, "t"), (Shape{kUnknown}));
}

TEST(Axis, CountsFromTheEndWhenNegative) {
  EXPECT_EQ(normalize_axis(-1, 3, "t"), 2);
  EXPECT_EQ(normalize_axis(0, 3, "t"), 0);
  EXPECT_THROW(normalize_axis(3, 3, "t"), ValueError);
  EXPECT_THROW(normalize_axis(-4, 3, "t"), ValueError);
}

TEST(Attrs, AreSortedAndCompared) {
  const Attrs a{{"b", int64_t{1}}, {"a", 2.0}}, b{{"a", 2.0}, {"b", int64_t{1}}};
  EXPECT_TRUE(a == b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_FALSE(a == (Attrs{{"a", 2.0}}));
}

TEST(Attrs, ConvertOnlyWhereNothingIsLost) {
  const Attrs a{{"i", int64_t{1}}, {"d", 0.5}, {"s", std::string("x")}};
  EXPECT_EQ(a.number("i"), 1.0);
  EXPECT_TRUE(a.flag("i"));
  EXPECT_THROW(a.integer("d"), TypeError);
  EXPECT_THROW(a.number("s"), TypeError);
  EXPECT_THROW(a.number("missing"), TypeError);
  EXPECT_EQ(a.number("missing", 3.0), 3.0);
}

TEST(DType, NamesAreNumPys) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto t = static_cast<DType>(i);
    EXPECT_EQ(parse_dtype(name_of(t)), t);
  }
  EXPECT_THROW(parse_dtype("complex64"), TypeError);
}

}  // namespace
}  // namespace kn
