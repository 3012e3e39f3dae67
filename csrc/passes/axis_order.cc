#include "passes/axis_order.h"

#include <algorithm>
#include <string_view>

#include "base/reduce_axes.h"
#include "graph/builder.h"

namespace kn {

namespace {

enum class Rule {
  none,
  elementwise,  // operands of fewer axes or extents of 1 are spread
  spread,       // broadcast_to
  axis,         // attribute `axis`; everything turns
  channels,     // batch normalization: attribute `axis`, vectors beside x
  reduction,    // attributes `axes` and `keepdims`
  per_axis,     // lists with an entry (or two) per axis
  like,         // per_axis, with a second input that only gives a shape
  split_like,   // axis, all inputs after the first only give shapes
  noise,        // dropout
};

struct OpRule {
  std::string_view op;
  Rule rule;
};

constexpr OpRule kRules[] = {
    {"all", Rule::reduction},
    {"any", Rule::reduction},
    {"batch_norm_grad", Rule::channels},
    {"batch_norm_infer", Rule::channels},
    {"batch_norm_train", Rule::channels},
    {"broadcast_to", Rule::spread},
    {"concat", Rule::axis},
    {"cumprod", Rule::axis},
    {"cumsum", Rule::axis},
    {"dropout", Rule::noise},
    {"log_softmax", Rule::axis},
    {"log_softmax_grad", Rule::axis},
    {"logsumexp", Rule::reduction},
    {"max", Rule::reduction},
    {"mean", Rule::reduction},
    {"min", Rule::reduction},
    {"pad", Rule::per_axis},
    {"pad_grad", Rule::per_axis},
    {"prod", Rule::reduction},
    {"repeat", Rule::axis},
    {"repeat_sum", Rule::axis},
    {"slice", Rule::per_axis},
    {"slice_grad", Rule::like},
    {"softmax", Rule::axis},
    {"softmax_grad", Rule::axis},
    {"split", Rule::axis},
    {"split_like", Rule::split_like},
    {"std", Rule::reduction},
    {"sum", Rule::reduction},
    {"var", Rule::reduction},
};

Rule rule_of(const OpDef& op) {
  if (op.is(kElementwise)) return Rule::elementwise;
  const auto found = std::find_if(std::begin(kRules), std::end(kRules),
                                  [&](const OpRule& r) { return r.op == op.name; });
  return found == std::end(kRules) ? Rule::none : found->rule;
}

// Where an axis, negative ones counted from the end, goes.
int64_t moved_axis(int64_t axis, const Ints& perm) {
  const int64_t rank = static_cast<int64_t>(perm.size());
  return inverse_order(perm)[axis < 0 ? axis + rank : axis];
}

// A list with `width` entries for each axis.
Ints moved_entries(const Ints& list, const Ints& perm, size_t width) {
  Ints result;
  for (int64_t axis : perm)
    for (size_t i = 0; i < width; ++i) result.push_back(list[axis * width + i]);
  return result;
}

Shape moved_shape(const Shape& shape, const Ints& perm) {
  Shape result;
  for (int64_t axis : perm) result.push_back(shape[static_cast<int>(axis)]);
  return result;
}

// An operand that broadcasts against a tensor of `perm.size()` axes.
Value moved_operand(const Value& x, const Ints& perm) {
  if (x.shape().elements() == 1 && x.shape().empty()) return x;
  Ints full(perm.size() - x.shape().rank(), 1);
  full.insert(full.end(), x.shape().begin(), x.shape().end());
  const bool wide = full.size() == static_cast<size_t>(x.shape().rank());
  return reordered(wide ? x : apply("reshape", {x}, {{"shape", std::move(full)}}), perm);
}

// A tensor of which only the shape matters.
Value moved_reference(const Value& x, const Ints& perm) {
  return apply(
      "shape_only", {},
      {{"dtype", std::string(name_of(x.dtype()))}, {"shape", moved_shape(x.shape(), perm).vec()}});
}

Attrs with_axis(const Node& node, const Ints& perm, int64_t otherwise) {
  Attrs attrs = node.attrs;
  attrs.set("axis", moved_axis(attrs.integer("axis", otherwise), perm));
  return attrs;
}

// The result has its axes in the order in which they were before.
Value turned_reduction(const Node& node, const Value& x, const Ints& perm) {
  const int rank = static_cast<int>(perm.size());
  const AxisSet axes = reduced_axes(node.attrs, rank, node.op->name);
  Attrs attrs = node.attrs;
  Ints moved, kept;  // kept: the axes that stay, by their old numbers
  for (int i = 0; i < rank; ++i) {
    if (axes[perm[i]]) moved.push_back(i);
    else kept.push_back(perm[i]);
  }
  attrs.set("axes", moved);
  const Value y = apply(node.op->name, {x}, std::move(attrs));
  if (node.attrs.flag("keepdims", false)) return reordered(y, inverse_order(perm));
  Ints sorted = kept, back;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t axis : sorted)
    back.push_back(std::find(kept.begin(), kept.end(), axis) - kept.begin());
  return reordered(y, back);
}

Attrs with_entries(const Node& node, const Ints& perm) {
  Attrs attrs = node.attrs;
  for (const char* name : {"begin", "end", "strides", "paddings", "noise_shape"})
    if (attrs.has(name)) {
      const Ints& list = attrs.ints(name);
      attrs.set(name, moved_entries(list, perm, list.size() / perm.size()));
    }
  return attrs;
}

}  // namespace

TurningParts turning_parts(const Node& node) {
  constexpr unsigned kAll = ~0u;
  switch (rule_of(*node.op)) {
    case Rule::none: return {};
    case Rule::elementwise: {
      TurningParts parts{0, 1};
      for (size_t i = 0; i < node.inputs.size() && i < 31; ++i)
        if (node.inputs[i].shape() == node.outputs[0].shape) parts.inputs |= 1u << i;
      return parts;
    }
    case Rule::spread: return node.inputs.size() == 1 ? TurningParts{0, 1} : TurningParts{};
    case Rule::axis: return {kAll, kAll};
    case Rule::channels: return {node.op->name == "batch_norm_grad" ? 3u : 1u, 1};
    case Rule::reduction: return {1, 0};
    case Rule::per_axis:
    case Rule::like:
    case Rule::noise: return {1, 1};
    case Rule::split_like: return {1, kAll};
  }
  return {};
}

std::vector<Value> turned(const Node& node, std::vector<Value> inputs, const Ints& perm) {
  const std::string_view op = node.op->name;
  switch (rule_of(*node.op)) {
    case Rule::none: return {};
    case Rule::elementwise: {
      const TurningParts parts = turning_parts(node);
      for (size_t i = 0; i < inputs.size(); ++i)
        if (!TurningParts::has(parts.inputs, static_cast<int>(i)))
          inputs[i] = moved_operand(inputs[i], perm);
      return apply_all(op, std::move(inputs), node.attrs, node.payload);
    }
    case Rule::spread:
      return apply_all(op, {moved_operand(inputs[0], perm)},
                       {{"shape", moved_shape(node.outputs[0].shape, perm).vec()}});
    case Rule::axis: return apply_all(op, std::move(inputs), with_axis(node, perm, -1));
    case Rule::channels: return apply_all(op, std::move(inputs), with_axis(node, perm, -1));
    case Rule::reduction: return {turned_reduction(node, inputs[0], perm)};
    case Rule::per_axis:
    case Rule::noise: return apply_all(op, std::move(inputs), with_entries(node, perm));
    case Rule::like:
      return apply_all(op, {inputs[0], moved_reference(inputs[1], perm)}, with_entries(node, perm));
    case Rule::split_like:
      for (size_t i = 1; i < inputs.size(); ++i) inputs[i] = moved_reference(inputs[i], perm);
      return apply_all(op, std::move(inputs), with_axis(node, perm, 0));
  }
  return {};
}

Ints inverse_order(const Ints& perm) {
  Ints inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) inverse[perm[i]] = static_cast<int64_t>(i);
  return inverse;
}

bool is_identity_order(const Ints& perm) { return std::is_sorted(perm.begin(), perm.end()); }

bool moves_memory(const Shape& shape, const Ints& perm) {
  int64_t last = -1;
  for (int64_t axis : perm) {
    if (shape[static_cast<int>(axis)] == 1) continue;
    if (axis < last) return true;
    last = axis;
  }
  return false;
}

Value reordered(const Value& x, const Ints& perm) {
  if (is_identity_order(perm)) return x;
  if (moves_memory(x.shape(), perm)) return apply("transpose", {x}, {{"perm", perm}});
  return apply("reshape", {x}, {{"shape", moved_shape(x.shape(), perm).vec()}});
}

}  // namespace kn
