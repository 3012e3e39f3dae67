// Inner loops of recurrent layers: one step over some rows, the product with the recurrent kernel
// and everything elementwise that follows it, while the product is in the first cache. Formulas and
// names are in base/recurrence.h.
#pragma once

#include <cstdint>

#include "base/recurrence_kinds.h"

namespace kn::cpu {

// The product's right side is packed in panels: `width` vectors of columns for all k, panel after
// panel, (k, width, lanes) each, zeros where columns are missing. A panel holds the same units of
// all gates, or neighbouring units of one.
template <class T>
struct RecurrentStep {
  int64_t rows, units;
  RecurrentActivation activation, gate;
  const T* panels;    // of the first product
  const T* panels_2;  // of gru's second one
  const bool* mask;   // (rows,), or nullptr: all count
  const T* drop;      // (rows, units), or nullptr

  // ---- Forward ----
  const T* seen;      // (rows, units): what the product sees
  const T* x;         // (rows, gates * units)
  const T* bias;      // (3 * units,) of gru with reset_after
  const T* h_before;  // (rows, units)
  T* h;
  T* seen_next;  // (rows, units): what the next step's product sees
  T* c;          // (rows, units), in place
  T* c_before;   // (rows, units) if c is to be kept, or nullptr
  T* gates;      // (rows, 4 * units); nullptr for lstm where they are not to be kept

  // ---- Back; `seen`, `gates` and `c_before` are what the forward step kept ----
  int64_t k;       // columns of `later` that the product sees; 0 at the last step
  const T* later;  // (rows, k), rows at later_row: what flowed into the product of the next step
  int64_t later_row;
  const T* shown;  // (rows, units): the step's results, for simple
  const T* d_out;  // (rows, units), or nullptr
  T* direct;       // (rows, units): gradient of h past the product; of this step's input after it
  T* dc;           // (rows, units), in place
  T* dx;           // (rows, gates * units)
  T* dp;           // (rows, 3 * units), for gru with reset_after
};

template <class T>
struct RecurrentLoops {
  using Step = void (*)(const RecurrentStep<T>&);

  int lanes;
  // By cell (base/recurrence_kinds.h): forward panels hold the same units of 4 (lstm), 3 (gru with
  // reset_after) or 2 gates (gru), or two neighbours (simple; gru's second). Panels of the way back
  // are two neighbours.
  Step forward[4], back[4];
  // The end of the way back: direct = drop * product + direct.
  Step back_to_state;
};

struct RecurrentTable {
  RecurrentLoops<float> f32;
  RecurrentLoops<double> f64;
};

}  // namespace kn::cpu
