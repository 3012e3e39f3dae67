#include "cpu/reduce_plan.h"

#include <algorithm>

namespace kn::cpu {

namespace {

constexpr int64_t kElementsPerPart = 1 << 15;
constexpr int64_t kMaxParts = 64;

struct Segment {
  int64_t extent, stride;
  bool reduced;
};

// Axes of `x` without those of size 1, equal neighbours joined; outermost first.
int joined_axes(const Shape& x, const AxisSet& axes, Segment* segments) {
  const auto strides = strides_of(x);
  int n = 0;
  for (int i = 0; i < x.rank(); ++i) {
    if (x[i] == 1) continue;
    if (n > 0 && segments[n - 1].reduced == axes[i])
      segments[n - 1] = {segments[n - 1].extent * x[i], strides[i], axes[i]};
    else segments[n++] = {x[i], strides[i], axes[i]};
  }
  return n;
}

}  // namespace

ReducePlan::ReducePlan(const Shape& x, const AxisSet& axes) {
  Segment segments[kMaxRank];
  int n = joined_axes(x, axes, segments);
  elements = x.elements();
  if (n > 0) {
    by_rows = segments[n - 1].reduced;
    (by_rows ? length : lines) = segments[n - 1].extent;
    --n;
  }
  if (n > 0) {  // of the other kind, as equal neighbours are joined
    (by_rows ? lines : length) = segments[n - 1].extent;
    --n;
  }
  for (int i = 0; i < n; ++i)
    (segments[i].reduced ? outer_reduced : outer_kept)
        .push_back(segments[i].extent, segments[i].stride);
  outputs = outer_kept.count() * lines;
  if (elements == 0) {  // rows of nothing
    outer_kept = outer_reduced = {};
    by_rows = true;
    lines = outputs;
    length = 0;
  }
  cut();
}

void ReducePlan::cut() {
  const int64_t wanted = std::clamp<int64_t>(elements / kElementsPerPart, 1, kMaxParts);
  tiles = std::max<int64_t>(1, (lines + kTile - 1) / kTile);
  if (wanted == 1 || tasks() >= wanted) return;
  const int64_t extent = outer_reduced.count() > 1 ? outer_reduced.count() : length;
  parts = std::min(extent, (wanted + tasks() - 1) / tasks());
  // Joining the parts must stay a small share of the work.
  while (parts > 1 && outputs * parts * 8 > elements) --parts;
}

}  // namespace kn::cpu
