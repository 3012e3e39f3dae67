// New parameters and slots from gradients: one op per rule (base/update_rules.inc gives formulas),
// and the form over many parameters that fuse_updates makes. Learning rates and decay factors are
// scalar inputs, since they change while training.
#include "base/update_rule.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

bool compatible(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) return false;
  for (int i = 0; i < a.rank(); ++i)
    if (a[i] != b[i] && a[i] != kUnknown && b[i] != kUnknown) return false;
  return true;
}

// Inputs are (p × count, g × count, slot 0 × count, …, scalars); the single form has count 1.
std::vector<TensorType> infer_update(const InferContext& c) {
  const UpdateRule& rule = *find_update_rule(c.op.name);
  const int64_t n = c.attrs.integer("count", 1);
  const int64_t tensors = rule.inputs_each() * n;
  if (n < 1 || c.count() != tensors + rule.scalars)
    c.fail("expected parameter, gradient and ", rule.slots, " slots for each of ", n,
           " parameters, then ", rule.scalars, " scalars; got ", c.count(), " inputs");
  for (int i = 0; i < tensors; ++i) {
    const TensorType& p = c.in(static_cast<int>(i % n));
    if (!is_float(p.dtype)) c.fail("expected a parameter of float dtype; got ", p);
    if (c.dtype(i) != p.dtype || !compatible(c.shape(i), p.shape))
      c.fail("expected gradient and slots like the parameter ", p, "; got ", c.in(i));
  }
  for (int i = static_cast<int>(tensors); i < c.count(); ++i)
    if (c.shape(i).rank() != 0 || c.dtype(i) != c.dtype(0))
      c.fail("expected a scalar of dtype ", name_of(c.dtype(0)), "; got ", c.in(i));
  std::vector<TensorType> out;
  for (int k = 0; k < rule.outputs_each(); ++k)
    for (int i = 0; i < n; ++i) out.push_back(c.in(i));
  return out;
}

constexpr std::string_view kAssigned = "it yields what is assigned to variables after a step";

const OpDef kOps[] = {
#define KN_UPDATE_RULE(name, slots, scalars)                                                     \
  {#name "_update", 2 + slots + scalars, 2 + slots + scalars, infer_update, nullptr, kAssigned}, \
      {"multi_" #name "_update", 2 + slots + scalars, -1, infer_update, nullptr, kAssigned},
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

}  // namespace

std::span<const OpDef> optimizer() { return kOps; }

}  // namespace kn::ops
