// The elementwise ops and the broadcasts: checks and shapes. Gradients of single functions are in
// elementwise_unary.cc and elementwise_binary.cc.
#include "ops/elementwise.h"

#include "base/program.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

std::string_view expectation(Accepts rule) {
  switch (rule) {
    case Accepts::Float: return "a float dtype";
    case Accepts::Number: return "a float or integer dtype";
    case Accepts::Bool: return "bool";
    case Accepts::Any: return "any dtype";
  }
  return {};
}

std::vector<TensorType> infer_elementwise(const InferContext& c) {
  Opcode op;
  if (!find_opcode(c.op.name, op)) c.fail("is no elementwise op");
  const OpcodeInfo& info = info_of(op);
  const int first = op == Opcode::where ? 1 : 0;  // the condition is checked below
  for (int i = first; i < c.count(); ++i) {
    if (!accepts(info.accepts, c.dtype(i)))
      c.fail("expected ", expectation(info.accepts), "; got ", c.in(i));
    if (c.dtype(i) != c.dtype(first))
      c.fail("expected operands of one dtype; got ", c.in(first), " and ", c.in(i));
  }
  if (first == 1 && c.dtype(0) != DType::b8) c.fail("expected a bool condition; got ", c.in(0));
  Instruction probe{op, c.dtype(first), c.dtype(first)};
  set_parameters(probe, c.attrs);
  Shape shape = c.shape(0);
  for (int i = 1; i < c.count(); ++i) shape = broadcast(shape, c.shape(i), c.op.name);
  return {{info.result == ResultRule::Bool ? DType::b8 : c.dtype(first), shape}};
}

std::vector<TensorType> infer_cast(const InferContext& c) {
  return {{parse_dtype(c.attrs.text("dtype")), c.shape(0)}};
}

std::vector<Value> gradient_cast(const GradContext& g) {
  if (!is_float(g.in(0).dtype())) return {Value{}};
  return {cast(g.grad(), g.in(0).dtype())};
}

// zeros_like, ones_like, full_like: the input gives shape and, without attribute `dtype`, dtype.
std::vector<TensorType> infer_filled(const InferContext& c) {
  if (c.op.name == "full_like") c.attrs.number("value");
  const bool typed = c.attrs.has("dtype");
  return {{typed ? parse_dtype(c.attrs.text("dtype")) : c.dtype(0), c.shape(0)}};
}

std::vector<Value> gradient_none(const GradContext& g) {
  return std::vector<Value>(g.node->inputs.size());
}

// Checks that x broadcasts to `to` and nothing of `to` has to grow.
Shape broadcast_into(const InferContext& c, const Shape& to) {
  const Shape& from = c.shape(0);
  const int offset = to.rank() - from.rank();
  bool fits = offset >= 0;
  for (int i = 0; fits && i < from.rank(); ++i) {
    const Dim have = from[i], want = to[offset + i];
    fits = have == 1 || have == want || have == kUnknown || want == kUnknown;
  }
  if (!fits) c.fail("expected a shape that broadcasts to ", to, "; got ", from);
  Shape result = to;  // an extent above 1 cannot change by broadcasting
  for (int i = 0; i < from.rank(); ++i)
    if (to[offset + i] == kUnknown && from[i] > 1) result[offset + i] = from[i];
  return result;
}

std::vector<TensorType> infer_broadcast_like(const InferContext& c) {
  return {{c.dtype(0), broadcast_into(c, c.shape(1))}};
}

// The shape is attribute `shape` (-1: as in x) or an integer vector as far as it is known.
std::vector<TensorType> infer_broadcast_to(const InferContext& c) {
  Shape to;
  if (c.count() == 1) {
    to = Shape(c.attrs.ints("shape"));
    const int offset = to.rank() - c.shape(0).rank();
    for (int i = 0; i < to.rank(); ++i)
      if (to[i] == kUnknown && i >= offset && offset >= 0) to[i] = c.shape(0)[i - offset];
  } else {
    if (c.shape(1).rank() != 1 || !is_integer(c.dtype(1)))
      c.fail("expected the shape as an integer vector; got ", c.in(1));
    const KnownInts known = c.ints(1);
    const Dim rank = known.known ? static_cast<Dim>(known.values.size()) : c.shape(1)[0];
    if (rank == kUnknown) c.fail("expected a shape vector of known length");
    for (Dim i = 0; i < rank; ++i)
      to.push_back(known.known && known.values[i] != kUnknownInt ? known.values[i] : kUnknown);
  }
  return {{c.dtype(0), broadcast_into(c, to)}};
}

std::vector<Value> gradient_broadcast(const GradContext& g) {
  std::vector<Value> grads(g.node->inputs.size());
  grads[0] = sum_like(g.grad(), g.in(0));
  return grads;
}

// A fused program says all its types itself (its inputs were checked when it was written).
std::vector<TensorType> infer_fused(const InferContext& c) {
  const auto* program = dynamic_cast<const Program*>(c.payload);
  if (!program) c.fail("expected a program");
  if (c.count() != program->input_count())
    c.fail("expected ", program->input_count(), " inputs; got ", c.count());
  for (int i = 0; i < c.count(); ++i)
    if (c.in(i) != program->inputs[i])
      c.fail("expected input ", i, " to be ", program->inputs[i], "; got ", c.in(i));
  std::vector<TensorType> types;
  for (size_t i = 0; i < program->outputs.size(); ++i)
    types.push_back(program->output_type(static_cast<int>(i)));
  return types;
}

namespace gradient = elementwise_gradient;

const OpDef kOps[] = {
#define KN_OP(name, arity, accepts, result) \
  {#name, arity, arity, infer_elementwise, gradient::name, {}, kElementwise},
#include "base/elementwise_ops.inc"
#undef KN_OP
    {"cast", 1, 1, infer_cast, gradient_cast, {}, kElementwise},
    {"zeros_like", 1, 1, infer_filled, gradient_none},
    {"ones_like", 1, 1, infer_filled, gradient_none},
    {"full_like", 1, 1, infer_filled, gradient_none},
    {"broadcast_like", 2, 2, infer_broadcast_like, gradient_broadcast},
    {"broadcast_to", 1, 2, infer_broadcast_to, gradient_broadcast},
    {"fused", 0, -1, infer_fused, nullptr, "it is made after differentiation"},
};

}  // namespace

std::span<const OpDef> elementwise() { return kOps; }

}  // namespace kn::ops
