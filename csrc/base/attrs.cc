#include "base/attrs.h"

#include <algorithm>
#include <functional>
#include <ostream>

#include "base/error.h"

namespace kn {

namespace {

[[noreturn]] void missing(std::string_view name, std::string_view type) {
  fail<TypeError>("expected attribute '", name, "' of type ", type);
}

struct Printer {
  std::ostream& os;
  void operator()(bool v) const { os << (v ? "true" : "false"); }
  void operator()(int64_t v) const { os << v; }
  void operator()(double v) const { os << v; }
  void operator()(const std::string& v) const { os << '"' << v << '"'; }
  void operator()(const Ints& v) const {
    os << '[';
    for (size_t i = 0; i < v.size(); ++i) os << (i ? "," : "") << v[i];
    os << ']';
  }
};

size_t mix(size_t seed, size_t value) {
  return seed ^ (value + 0x9e3779b97f4a7c15ull + (seed << 6) + (seed >> 2));
}

struct Hasher {
  size_t operator()(bool v) const { return v; }
  size_t operator()(int64_t v) const { return std::hash<int64_t>()(v); }
  size_t operator()(double v) const { return std::hash<double>()(v); }
  size_t operator()(const std::string& v) const { return std::hash<std::string>()(v); }
  size_t operator()(const Ints& v) const {
    size_t h = v.size();
    for (int64_t x : v) h = mix(h, std::hash<int64_t>()(x));
    return h;
  }
};

}  // namespace

Attrs::Attrs(std::initializer_list<std::pair<std::string, AttrValue>> items) {
  for (const auto& [name, value] : items) set(name, value);
}

void Attrs::set(std::string name, AttrValue value) {
  auto at = std::lower_bound(items_.begin(), items_.end(), name,
                             [](const auto& item, const auto& key) { return item.first < key; });
  if (at != items_.end() && at->first == name) at->second = std::move(value);
  else items_.insert(at, {std::move(name), std::move(value)});
}

const AttrValue* Attrs::find(std::string_view name) const {
  for (const auto& item : items_)
    if (item.first == name) return &item.second;
  return nullptr;
}

bool Attrs::flag(std::string_view name) const {
  if (const AttrValue* v = find(name)) {
    if (auto* b = std::get_if<bool>(v)) return *b;
    if (auto* i = std::get_if<int64_t>(v)) return *i != 0;
  }
  missing(name, "bool");
}
bool Attrs::flag(std::string_view name, bool otherwise) const {
  return has(name) ? flag(name) : otherwise;
}

int64_t Attrs::integer(std::string_view name) const {
  if (const AttrValue* v = find(name)) {
    if (auto* i = std::get_if<int64_t>(v)) return *i;
    if (auto* b = std::get_if<bool>(v)) return *b;
  }
  missing(name, "int");
}
int64_t Attrs::integer(std::string_view name, int64_t otherwise) const {
  return has(name) ? integer(name) : otherwise;
}

double Attrs::number(std::string_view name) const {
  if (const AttrValue* v = find(name)) {
    if (auto* d = std::get_if<double>(v)) return *d;
    if (auto* i = std::get_if<int64_t>(v)) return static_cast<double>(*i);
    if (auto* b = std::get_if<bool>(v)) return *b;
  }
  missing(name, "float");
}
double Attrs::number(std::string_view name, double otherwise) const {
  return has(name) ? number(name) : otherwise;
}

const std::string& Attrs::text(std::string_view name) const {
  if (const AttrValue* v = find(name))
    if (auto* s = std::get_if<std::string>(v)) return *s;
  missing(name, "str");
}
std::string Attrs::text(std::string_view name, std::string_view otherwise) const {
  return has(name) ? text(name) : std::string(otherwise);
}

const Ints& Attrs::ints(std::string_view name) const {
  if (const AttrValue* v = find(name))
    if (auto* l = std::get_if<Ints>(v)) return *l;
  missing(name, "list of int");
}
Ints Attrs::ints(std::string_view name, const Ints& otherwise) const {
  return has(name) ? ints(name) : otherwise;
}

size_t Attrs::hash() const {
  size_t h = items_.size();
  for (const auto& [name, value] : items_) {
    h = mix(h, std::hash<std::string>()(name));
    h = mix(h, std::visit(Hasher{}, value));
  }
  return h;
}

std::ostream& operator<<(std::ostream& os, const Attrs& a) {
  bool first = true;
  for (const auto& [name, value] : a) {
    os << (first ? "" : ", ") << name << '=';
    std::visit(Printer{os}, value);
    first = false;
  }
  return os;
}

}  // namespace kn
