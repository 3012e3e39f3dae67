// The static arguments of a node (strides, axes, a rate, a seed …): a small sorted map from name to
// value. Generic on purpose: printing, comparing and hashing nodes, and the Python binding, are
// written once for all ops. Kernels turn them into plain structs when a plan is made.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kn {

using Ints = std::vector<int64_t>;
using AttrValue = std::variant<bool, int64_t, double, std::string, Ints>;

class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<std::string, AttrValue>> items);

  void set(std::string name, AttrValue value);
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const AttrValue* find(std::string_view name) const;

  // Without default: throws TypeError when the attribute is missing or of another type. Integers
  // are accepted where a double is wanted, and 0/1 where a bool is.
  bool flag(std::string_view name) const;
  bool flag(std::string_view name, bool otherwise) const;
  int64_t integer(std::string_view name) const;
  int64_t integer(std::string_view name, int64_t otherwise) const;
  double number(std::string_view name) const;
  double number(std::string_view name, double otherwise) const;
  const std::string& text(std::string_view name) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  const Ints& ints(std::string_view name) const;
  Ints ints(std::string_view name, const Ints& otherwise) const;

  bool empty() const { return items_.empty(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  bool operator==(const Attrs& o) const { return items_ == o.items_; }
  size_t hash() const;

 private:
  std::vector<std::pair<std::string, AttrValue>> items_;  // sorted by name
};

std::ostream& operator<<(std::ostream& os, const Attrs& a);

}  // namespace kn
