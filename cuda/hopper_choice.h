// When products are computed by what compute capability 9.0 adds.
#pragma once

#include "runtime/kernel.h"
#include "tile_table.h"

namespace kn::cuda {

// Whether the device can, and was asked to.
bool may_use_hopper(const KernelRequest& r, std::string& refusal);
// Its tile and the parts of k; false where other tiles are thought to be faster, since factors must
// first be turned for so many seconds.
bool choose_hopper(const ProductSize& size, Unit unit, double turning, TileChoice& choice,
                   std::string& refusal);

}  // namespace kn::cuda
