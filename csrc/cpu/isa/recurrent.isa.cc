// A step of a recurrent layer is one pass over the panels of its kernel: a register tile computes
// the product for some rows and one panel, and what follows (gates, state, output, or their
// gradients) reads it from a buffer in the first cache. A panel holds the same units of all gates,
// so that nothing waits for another panel.
#include "cpu/isa/recurrent.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/recurrent_product.inc"
#include "cpu/isa/recurrent_steps.inc"

namespace kn::cpu {

KN_FILL(recurrent) {
  table.recurrent.f32 = {kLanes<float>, steps_by<VectorTiles, float>()};
  table.recurrent.f64 = {kLanes<double>, steps_by<VectorTiles, double>()};
}

}  // namespace kn::cpu
