#include <unordered_map>

#include "ops/families.h"

namespace kn {

namespace {

struct OpList {
  std::vector<const OpDef*> all;
  std::unordered_map<std::string_view, const OpDef*> by_name;

  OpList() {
#define KN_ADD(family) \
  for (const OpDef& op : ops::family()) add(op);
    KN_OP_FAMILIES(KN_ADD)
#undef KN_ADD
  }
  void add(const OpDef& op) {
    if (!by_name.emplace(op.name, &op).second)
      fail<RuntimeError>("two ops are named '", op.name, "'");
    all.push_back(&op);
  }
};

const OpList& list() {
  static const OpList ops;
  return ops;
}

}  // namespace

const OpDef* find_op(std::string_view name) {
  const auto found = list().by_name.find(name);
  return found == list().by_name.end() ? nullptr : found->second;
}

std::span<const OpDef* const> all_ops() { return list().all; }

}  // namespace kn
