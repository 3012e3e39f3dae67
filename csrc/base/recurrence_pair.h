// Two recurrent ops over whole sequences that do not depend on each other, such as both directions
// of a layer, as one op: `recurrent_pair` with the attributes they share, the name of their op as
// `of`, and the directions as `reverse` and `second_reverse`. Inputs, and outputs, are those of the
// first followed by those of the second.
#pragma once

#include <string>

#include "base/attrs.h"

namespace kn {

inline constexpr std::string_view kRecurrentPair = "recurrent_pair";

inline Attrs recurrent_pair_attrs(std::string op, const Attrs& first, const Attrs& second) {
  Attrs attrs = first;
  attrs.set("of", std::move(op));
  attrs.set("reverse", first.flag("reverse", false));
  attrs.set("second_reverse", second.flag("reverse", false));
  return attrs;
}

// Attributes of one of the two ops.
inline Attrs recurrent_pair_half(const Attrs& pair, bool second) {
  Attrs attrs;
  for (const auto& [name, value] : pair)
    if (name != "of" && name != "second_reverse") attrs.set(name, value);
  attrs.set("reverse", pair.flag(second ? "second_reverse" : "reverse"));
  return attrs;
}

}  // namespace kn
