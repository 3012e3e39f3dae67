// Integer contents that the graph itself tells: what shape functions need of shapes given as
// tensors, e.g. reshape(x, stack([shape_of(x)[0], 10])).
#include <algorithm>

#include "graph/op_def.h"

namespace kn {

namespace {

constexpr size_t kMost = 64;  // longer vectors are no shapes

KnownInts from_constant(const HostTensor& data) {
  if (!(is_integer(data.dtype())) || data.shape().elements() > static_cast<Dim>(kMost)) return {};
  KnownInts out{true, {}};
  for (Dim i = 0; i < data.shape().elements(); ++i) out.values.push_back(data.integer_at(i));
  return out;
}

int64_t binary(std::string_view op, int64_t a, int64_t b) {
  if (a == kUnknownInt || b == kUnknownInt) return kUnknownInt;
  if (op == "add") return a + b;
  if (op == "sub") return a - b;
  if (op == "mul") return a * b;
  if (b == 0) return kUnknownInt;
  const int64_t q = a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
  return op == "floordiv" ? q : a - q * b;
}

KnownInts from_binary(std::string_view op, const Node& node) {
  const KnownInts a = known_ints(node.inputs[0]), b = known_ints(node.inputs[1]);
  if (!a.known || !b.known) return {};
  const size_t n = std::max(a.values.size(), b.values.size());
  if ((a.values.size() != n && a.values.size() != 1) ||
      (b.values.size() != n && b.values.size() != 1))
    return {};
  KnownInts out{true, {}};
  for (size_t i = 0; i < n; ++i)
    out.values.push_back(
        binary(op, a.values[a.values.size() == 1 ? 0 : i], b.values[b.values.size() == 1 ? 0 : i]));
  return out;
}

KnownInts from_slice(const Node& node) {
  const KnownInts x = known_ints(node.inputs[0]);
  if (!x.known || node.inputs[0].shape().rank() != 1) return {};
  const int64_t n = static_cast<int64_t>(x.values.size());
  const int64_t step = node.attrs.ints("strides")[0];
  int64_t at = node.attrs.ints("begin")[0];
  const int64_t count = node.outputs[0].shape[0];
  KnownInts out{true, {}};
  if (at < 0) at += n;
  for (int64_t i = 0; i < count; ++i, at += step) {
    if (at < 0 || at >= n) return {};
    out.values.push_back(x.values[at]);
  }
  return out;
}

KnownInts joined(const Node& node) {
  KnownInts out{true, {}};
  for (const Value& v : node.inputs) {
    const KnownInts part = known_ints(v);
    if (!part.known && v.shape().known() && v.shape().elements() <= static_cast<Dim>(kMost))
      out.values.insert(out.values.end(), v.shape().elements(), kUnknownInt);
    else if (!part.known) return {};
    out.values.insert(out.values.end(), part.values.begin(), part.values.end());
  }
  return out;
}

}  // namespace

KnownInts known_ints(const Value& v) {
  const Node& node = *v.node;
  const std::string_view op = node.op->name;
  if (!is_integer(v.dtype())) return {};
  if (op == "constant") return from_constant(static_cast<const HostTensor&>(*node.payload));
  if (op == "shape_of") {
    KnownInts out{true, {}};
    for (Dim d : node.inputs[0].shape()) out.values.push_back(d == kUnknown ? kUnknownInt : d);
    return out;
  }
  if (op == "cast" || node.op->is(kAlias)) return known_ints(node.inputs[0]);
  if (op == "add" || op == "sub" || op == "mul" || op == "floordiv" || op == "mod")
    return from_binary(op, node);
  if (op == "concat" || op == "stack") return v.shape().rank() == 1 ? joined(node) : KnownInts{};
  if (op == "slice") return from_slice(node);
  return {};
}

}  // namespace kn
