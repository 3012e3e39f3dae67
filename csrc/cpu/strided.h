// Copies and sums between strided views of memory: what transposes, slices, tiles, joins, flips and
// their gradients come to. Axes are merged and put in order once, when a kernel is made.
#pragma once

#include <vector>

#include "base/shape.h"

namespace kn {
class ThreadPool;
}

namespace kn::cpu {

struct MovementTable;

// One loop: `count` steps of `from` and `to` elements; a stride of `from` may be 0 or negative.
struct StridedAxis {
  Dim count, from, to;
};

// to[sum of i * axis.to] = from[sum of i * axis.from] for all index tuples. No element is written
// twice.
class StridedCopy {
 public:
  StridedCopy(std::vector<StridedAxis> axes, size_t element_bytes);
  void run(const void* from, void* to, ThreadPool* pool) const;

 private:
  enum class Kind { nothing, rows, lines, tiles };

  void choose_kind();
  void copy_run(const char* from, char* to, Dim lines, const StridedAxis& along) const;
  void copy_part(const char* from, char* to, Dim begin, Dim end) const;
  Dim offset(Dim line, bool source) const;

  std::vector<StridedAxis> outer_;  // the loops around lines; strides in bytes
  // A line: for rows `length` bytes on both sides, for lines `length` elements along `inner_`, for
  // tiles `length` columns of inner_.count rows that become rows.
  StridedAxis inner_{1, 1, 1};  // strides in elements
  Dim column_to_ = 0;           // tiles: distance of columns in the target, in elements
  Dim length_ = 0;
  Dim lines_ = 1;
  Dim width_ = 1;  // bytes of an element
  Kind kind_ = Kind::nothing;
  const MovementTable* loops_ = nullptr;
};

// to[sum of i * axis.to] += the elements of `from` in order: axes are loops over a dense row-major
// source, from the outermost on, and those with `to` 0 are summed over. Their `from` is not used.
template <class T>
class StridedSum {
 public:
  StridedSum(std::vector<StridedAxis> axes, Dim targets);
  // Sets all targets.
  void run(const T* from, T* to, ThreadPool* pool) const;

 private:
  void sum_lines(const T* from, T* to, Dim begin, Dim end) const;

  std::vector<StridedAxis> outer_;
  StridedAxis inner_{1, 1, 1};
  Dim lines_ = 1, targets_;
  const MovementTable* loops_;
};

}  // namespace kn::cpu
