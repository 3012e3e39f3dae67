// Optimizer updates of a table whose gradient has few rows: sparse_<rule>_update(p, indices,
// updates, slot…, scalar…; epsilon) is <rule>_update with the gradient scatter_add(p, indices,
// updates), which is never made. The pass sparse_updates puts it in their place.
#include "base/update_rule.h"
#include "ops/build.h"
#include "ops/families.h"

namespace kn::ops {

namespace {

std::vector<TensorType> infer_sparse_update(const InferContext& c) {
  const UpdateRule& rule = *find_sparse_update_rule(c.op.name);
  const TensorType& p = c.in(0);
  if (!is_float(p.dtype) || p.shape.empty() || !p.shape.known())
    c.fail("expected a table of float dtype and known shape; got ", p);
  if (!is_integer(c.dtype(1))) c.fail("expected integer indices; got ", c.in(1));
  const Shape &updates = c.shape(2), &indices = c.shape(1);
  const int lead = indices.rank();
  bool fits = c.dtype(2) == p.dtype && updates.rank() == lead + p.shape.rank() - 1;
  for (int i = 0; fits && i < updates.rank(); ++i) {
    const Dim wanted = i < lead ? indices[i] : p.shape[i - lead + 1];
    fits = updates[i] == wanted || updates[i] == kUnknown || wanted == kUnknown;
  }
  if (!fits) c.fail("expected a row of ", p, " for each of the indices; got ", c.in(2));
  for (int i = 0; i < rule.slots; ++i)
    if (!(c.in(3 + i) == p)) c.fail("expected slots like the table ", p, "; got ", c.in(3 + i));
  for (int i = 3 + rule.slots; i < c.count(); ++i)
    if (c.shape(i).rank() != 0 || c.dtype(i) != p.dtype)
      c.fail("expected a scalar of dtype ", name_of(p.dtype), "; got ", c.in(i));
  return std::vector<TensorType>(static_cast<size_t>(rule.outputs_each()), p);
}

constexpr std::string_view kAssigned = "it yields what is assigned to variables after a step";

const OpDef kOps[] = {
#define KN_UPDATE_RULE(name, slots, scalars) \
  {"sparse_" #name "_update",                \
   3 + slots + scalars,                      \
   3 + slots + scalars,                      \
   infer_sparse_update,                      \
   nullptr,                                  \
   kAssigned},
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

}  // namespace

std::span<const OpDef> sparse_update() { return kOps; }

}  // namespace kn::ops
