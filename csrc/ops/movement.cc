#include "ops/families.h"

namespace kn::ops {

std::span<const OpDef> movement() { return {}; }

}  // namespace kn::ops
