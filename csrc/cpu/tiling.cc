#include "cpu/tiling.h"

#include <algorithm>

namespace kn::cpu {

namespace {

// One axis of the domain while axes are merged: what each operand steps, which outputs reduce it.
struct Axis {
  Dim extent;
  std::vector<Dim> steps;
  std::vector<bool> reduced;
};

std::vector<Axis> axes_of(const Program& program) {
  std::vector<Axis> axes;
  const Shape& domain = program.domain;
  for (int i = 0; i < domain.rank(); ++i) {
    if (domain[i] == 1) continue;
    Axis axis{domain[i], {}, {}};
    for (const TensorType& in : program.inputs) {
      const int own = i - (domain.rank() - in.shape.rank());
      const bool varies = own >= 0 && in.shape[own] != 1;
      axis.steps.push_back(varies ? strides_of(in.shape)[own] : 0);
    }
    for (const ProgramOutput& out : program.outputs)
      axis.reduced.push_back(out.closing != Closing::none && out.kept[i] == 1);
    axes.push_back(std::move(axis));
  }
  return axes;
}

// Whether `outer` followed by `inner` is one axis for every operand and every output.
bool mergeable(const Axis& outer, const Axis& inner) {
  if (outer.reduced != inner.reduced) return false;
  for (size_t i = 0; i < outer.steps.size(); ++i)
    if (outer.steps[i] != inner.steps[i] * inner.extent) return false;
  return true;
}

std::vector<Axis> merged(std::vector<Axis> axes) {
  std::vector<Axis> out;
  for (Axis& axis : axes) {
    if (!out.empty() && mergeable(out.back(), axis)) {
      axis.extent *= out.back().extent;
      out.back() = std::move(axis);
    } else {
      out.push_back(std::move(axis));
    }
  }
  return out;
}

TiledOperand operand(const std::vector<Axis>& axes, size_t i) {
  TiledOperand operand{Reach::stream, !axes.empty() && axes.back().steps[i] != 0, {}};
  bool any = false, outer = false, dense = true;
  Dim next = 1;
  for (size_t a = axes.size(); a-- > 0;) {
    const Dim step = axes[a].steps[i];
    operand.steps[a] = step;
    any = any || step != 0;
    outer = outer || (a + 1 < axes.size() && step != 0);
    dense = dense && step == next;
    next *= axes[a].extent;
  }
  if (!any) operand.reach = Reach::single;
  else if (!dense) operand.reach = outer ? Reach::walk : Reach::repeat;
  return operand;
}

bool pattern_of(const std::vector<Axis>& axes, size_t output, Pattern& pattern) {
  size_t changes = 0, reduced = 0;
  for (size_t a = 0; a < axes.size(); ++a) {
    reduced += axes[a].reduced[output];
    changes += a > 0 && axes[a].reduced[output] != axes[a - 1].reduced[output];
  }
  if (reduced == 0) pattern = Pattern::none;
  else if (reduced == axes.size()) pattern = Pattern::all;
  else pattern = axes[0].reduced[output] ? Pattern::leading : Pattern::trailing;
  return changes <= 1;
}

}  // namespace

Dim Tiling::offset(int i, Dim row) const {
  Dim sum = 0;
  for (int axis = rank - 2; axis >= 0; --axis) {
    sum += row % extents[axis] * operands[i].steps[axis];
    row /= extents[axis];
  }
  return sum;
}

bool make_tiling(const Program& program, Dim most, Tiling& tiling, std::string& refusal) {
  const std::vector<Axis> axes = merged(axes_of(program));
  tiling = {};
  tiling.rank = static_cast<int>(axes.size());
  tiling.elements = program.domain.elements();
  for (int a = 0; a < tiling.rank; ++a) tiling.extents[a] = axes[a].extent;
  if (tiling.rank > 0) tiling.inner = axes.back().extent;
  for (size_t i = 0; i < program.inputs.size(); ++i) tiling.operands.push_back(operand(axes, i));
  for (size_t o = 0; o < program.outputs.size(); ++o) {
    tiling.patterns.push_back(Pattern::none);
    if (!pattern_of(axes, o, tiling.patterns.back())) {
      refusal = "a reduction over axes in the middle";
      return false;
    }
  }
  // Without repeats and walks rows mean nothing, and a tile is any stretch of the domain.
  const bool rows_matter = std::any_of(
      tiling.operands.begin(), tiling.operands.end(),
      [](const TiledOperand& t) { return t.reach == Reach::repeat || t.reach == Reach::walk; });
  if (!rows_matter) tiling.inner = tiling.elements;
  const Dim rows = tiling.inner > 0 ? most / tiling.inner : 0;
  tiling.blocks = rows >= 2 && rows_matter;
  tiling.tile = tiling.blocks ? rows * tiling.inner : most;
  return true;
}

}  // namespace kn::cpu
