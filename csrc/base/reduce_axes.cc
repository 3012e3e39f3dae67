#include "base/reduce_axes.h"

#include "base/error.h"

namespace kn {

AxisSet reduced_axes(const Attrs& attrs, int rank, std::string_view op) {
  AxisSet set{};
  if (!attrs.has("axes")) {
    for (int i = 0; i < rank; ++i) set[i] = true;
    return set;
  }
  for (int64_t axis : attrs.ints("axes")) {
    const int i = normalize_axis(axis, rank, op);
    if (set[i]) fail<ValueError>("[", op, "] expected distinct axes; got ", axis, " twice");
    set[i] = true;
  }
  return set;
}

AxisSet broadcast_axes(const Shape& from, const Shape& to) {
  AxisSet set{};
  const int extra = from.rank() - to.rank();
  for (int i = 0; i < from.rank(); ++i) set[i] = i < extra || (to[i - extra] == 1 && from[i] != 1);
  return set;
}

}  // namespace kn
