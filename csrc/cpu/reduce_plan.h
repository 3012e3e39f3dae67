// How a reduction over any axes becomes calls of loops over matrices: neighbouring axes of one kind
// are joined, the innermost two make the matrix, and what remains outside is walked over.
#pragma once

#include "cpu/axis_walk.h"

namespace kn::cpu {

struct ReducePlan {
  // x: for each place of `outer_kept` and of `outer_reduced` a matrix. By rows: `lines` rows of
  // `length` elements, each row reduced. By columns: `length` rows of `lines` elements, each column
  // reduced.
  AxisWalk outer_kept, outer_reduced;
  bool by_rows = true;
  int64_t lines = 1, length = 1;
  int64_t elements = 0, outputs = 0;

  // The work is cut into tasks of at most kTile outputs, and where there are too few of those for
  // the amount of work, also into parts of the reduction that are joined in order.
  static constexpr int64_t kTile = 256;
  int64_t tiles = 1;  // per place of outer_kept
  int64_t parts = 1;

  ReducePlan(const Shape& x, const AxisSet& axes);
  int64_t tasks() const { return outer_kept.count() * tiles; }
  int64_t reduced() const { return outer_reduced.count() * length; }

 private:
  void cut();
};

}  // namespace kn::cpu
