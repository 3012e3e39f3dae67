#include "base/shape.h"

#include <ostream>

#include "base/error.h"

namespace kn {

Shape::Shape(std::initializer_list<Dim> dims) {
  for (Dim d : dims) push_back(d);
}

Shape::Shape(const std::vector<Dim>& dims) {
  for (Dim d : dims) push_back(d);
}

void Shape::push_back(Dim d) { insert(rank_, d); }

void Shape::insert(int axis, Dim d) {
  if (rank_ == kMaxRank) fail<ValueError>("a tensor has at most ", kMaxRank, " dimensions");
  for (int i = rank_; i > axis; --i) dims_[i] = dims_[i - 1];
  dims_[axis] = d;
  ++rank_;
}

void Shape::erase(int axis) {
  for (int i = axis; i + 1 < rank_; ++i) dims_[i] = dims_[i + 1];
  dims_[--rank_] = 0;
}

bool Shape::known() const {
  for (Dim d : *this)
    if (d == kUnknown) return false;
  return true;
}

Dim Shape::elements() const { return elements(0, rank_); }

Dim Shape::elements(int from, int to) const {
  Dim n = 1;
  for (int i = from; i < to; ++i) {
    if (dims_[i] == kUnknown) fail<ValueError>("shape ", *this, " is not fully known");
    if (__builtin_mul_overflow(n, dims_[i], &n))
      fail<ValueError>("shape ", *this, " has more elements than can be counted");
  }
  return n;
}

bool Shape::operator==(const Shape& o) const {
  if (rank_ != o.rank_) return false;
  for (int i = 0; i < rank_; ++i)
    if (dims_[i] != o.dims_[i]) return false;
  return true;
}

std::ostream& operator<<(std::ostream& os, const Shape& s) {
  os << '(';
  for (int i = 0; i < s.rank(); ++i) {
    if (i) os << ", ";
    if (s[i] == kUnknown) os << "None";
    else os << s[i];
  }
  if (s.rank() == 1) os << ',';
  return os << ')';
}

std::string to_string(const Shape& s) { return concat_text(s); }

std::ostream& operator<<(std::ostream& os, const TensorType& t) {
  return os << name_of(t.dtype) << t.shape;
}

Shape broadcast(const Shape& a, const Shape& b, std::string_view op) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape out = longer;
  const int offset = longer.rank() - shorter.rank();
  for (int i = 0; i < shorter.rank(); ++i) {
    const Dim x = out[offset + i], y = shorter[i];
    if (x == y || y == 1) continue;
    if (x == 1 || x == kUnknown) out[offset + i] = y;
    else if (y != kUnknown)
      fail<ValueError>("[", op, "] expected shapes that broadcast together; got ", a, " and ", b);
  }
  return out;
}

std::array<Dim, kMaxRank> strides_of(const Shape& s) {
  std::array<Dim, kMaxRank> strides{};
  Dim step = 1;
  for (int i = s.rank() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= s[i];
  }
  return strides;
}

int normalize_axis(int64_t axis, int rank, std::string_view op) {
  if (axis < -rank || axis >= rank)
    fail<ValueError>("[", op, "] expected an axis in [", -rank, ", ", rank, "); got ", axis);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace kn
