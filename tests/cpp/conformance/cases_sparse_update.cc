#include "base/update_rule.h"
#include "conformance/case.h"

namespace kn::test {

void sparse_update_cases(Cases& list) {
  const auto row = [&](const UpdateRule& rule, Shape p, DType dtype, Shape at, double most) {
    Shape updates = at;
    for (int i = 1; i < p.rank(); ++i) updates.push_back(p[i]);
    // From -2 on: indices outside the table name no row.
    Case& c = list.op(std::string(rule.sparse_op), {{"epsilon", 1e-3}}).in(p);
    c.in_as(dtype, at, -2, most).in(updates);
    for (int k = 0; k < rule.slots; ++k) c.in(p, 0, 1);
    for (int k = 0; k < rule.scalars; ++k) c.in({}, 0.05, 0.95);
    c.by("rows").closed().tolerance(1e-4, 1e-5);
  };
  for (const UpdateRule& rule : kUpdateRules) {
    row(rule, {7, 5}, DType::i32, {3, 4}, 8);
    row(rule, {40, 33}, DType::i64, {9}, 42);
    row(rule, {300, 130}, DType::i32, {2, 31}, 299);  // several chunks
    row(rule, {5, 2, 3}, DType::u8, {6}, 4);
    row(rule, {6}, DType::i32, {10}, 5);
    row(rule, {4, 3}, DType::i32, {0}, 3);
    row(rule, {0, 3}, DType::i32, {2}, 3);
    row(rule, {3, 0}, DType::i32, {2}, 2);
  }
}

}  // namespace kn::test
