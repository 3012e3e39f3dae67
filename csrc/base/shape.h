// Shapes with unknown dimensions, and the type of a tensor (dtype + shape).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/dtype.h"

namespace kn {

using Dim = int64_t;
inline constexpr Dim kUnknown = -1;
inline constexpr int kMaxRank = 8;

// Row-major extents, at most kMaxRank of them; kUnknown marks one not known before a run.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<Dim> dims);
  explicit Shape(const std::vector<Dim>& dims);

  int rank() const { return rank_; }
  bool empty() const { return rank_ == 0; }
  Dim operator[](int axis) const { return dims_[axis]; }
  Dim& operator[](int axis) { return dims_[axis]; }
  Dim back() const { return dims_[rank_ - 1]; }
  const Dim* begin() const { return dims_.data(); }
  const Dim* end() const { return dims_.data() + rank_; }
  void push_back(Dim d);
  void insert(int axis, Dim d);
  void erase(int axis);

  bool known() const;
  // Product of all extents; throws ValueError if one is unknown or the product overflows.
  Dim elements() const;
  // Product of extents [from, to).
  Dim elements(int from, int to) const;
  std::vector<Dim> vec() const { return {begin(), end()}; }
  bool operator==(const Shape& o) const;

 private:
  std::array<Dim, kMaxRank> dims_{};
  int rank_ = 0;
};

// "(None, 28, 28, 1)", as Keras prints shapes.
std::ostream& operator<<(std::ostream& os, const Shape& s);
std::string to_string(const Shape& s);

struct TensorType {
  DType dtype = DType::f32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
  size_t bytes() const { return static_cast<size_t>(shape.elements()) * size_of(dtype); }
};
std::ostream& operator<<(std::ostream& os, const TensorType& t);

// NumPy broadcasting of two shapes; an unknown extent against 1 stays unknown, against n is n.
// Throws ValueError naming `op` and both shapes where they do not fit.
Shape broadcast(const Shape& a, const Shape& b, std::string_view op);

// Row-major strides in elements.
std::array<Dim, kMaxRank> strides_of(const Shape& s);

// axis in [-rank, rank) -> [0, rank); throws ValueError naming `op`.
int normalize_axis(int64_t axis, int rank, std::string_view op);

}  // namespace kn
