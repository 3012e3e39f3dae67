// How many slots and scalars each optimizer rule has; the formulas are in update_rules.inc.
#pragma once

#include <string_view>

namespace kn {

enum class UpdateKind {
#define KN_UPDATE_RULE(name, slots, scalars) name,
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

struct UpdateRule {
  UpdateKind kind;
  std::string_view op, multi_op, sparse_op;
  int slots, scalars;

  // Tensors per parameter among the inputs (p, g, slots) and among the outputs (p, slots).
  int inputs_each() const { return 2 + slots; }
  int outputs_each() const { return 1 + slots; }
};

inline constexpr int kMaxUpdateSlots = 3;
inline constexpr int kMaxUpdateScalars = 5;

inline constexpr UpdateRule kUpdateRules[] = {
#define KN_UPDATE_RULE(name, slots, scalars)                             \
  {UpdateKind::name,          #name "_update", "multi_" #name "_update", \
   "sparse_" #name "_update", slots,           scalars},
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

// The rule of an op, single or multi; nullptr where the op is no update.
constexpr const UpdateRule* find_update_rule(std::string_view op) {
  for (const UpdateRule& rule : kUpdateRules)
    if (rule.op == op || rule.multi_op == op) return &rule;
  return nullptr;
}

// The rule of an op that updates a table by rows (ops/sparse_update.cc).
constexpr const UpdateRule* find_sparse_update_rule(std::string_view op) {
  for (const UpdateRule& rule : kUpdateRules)
    if (rule.sparse_op == op) return &rule;
  return nullptr;
}

}  // namespace kn
