#include "ops/families.h"

namespace kn::ops {

std::span<const OpDef> softmax() { return {}; }

}  // namespace kn::ops
