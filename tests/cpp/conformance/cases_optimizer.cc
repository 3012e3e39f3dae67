#include "base/update_rule.h"
#include "conformance/case.h"

namespace kn::test {

namespace {

// One row for parameters of these shapes; slots are sums of squares and averages: not negative.
void add_row(Cases& list, const UpdateRule& rule, const std::vector<Shape>& shapes) {
  const bool multi = shapes.size() > 1;
  Attrs attrs{{"epsilon", 1e-3}};
  if (multi) attrs.set("count", static_cast<int64_t>(shapes.size()));
  Case& row = list.op(std::string(multi ? rule.multi_op : rule.op), attrs);
  for (const Shape& s : shapes) row.in(s);
  for (const Shape& s : shapes) row.in(s);
  for (int k = 0; k < rule.slots; ++k)
    for (const Shape& s : shapes) row.in(s, 0, 1);
  for (int k = 0; k < rule.scalars; ++k) row.in({}, 0.05, 0.95);
  row.by("loops").closed();  // parameters have a shape
}

}  // namespace

void optimizer_cases(Cases& list) {
  for (const UpdateRule& rule : kUpdateRules) {
    add_row(list, rule, {{7, 5}});
    add_row(list, rule, {{}});
    add_row(list, rule, {{0, 3}});
    add_row(list, rule, {{33, 3}, {3}, {0}, {70001}, {1}, {128, 65}});
  }
}

}  // namespace kn::test
