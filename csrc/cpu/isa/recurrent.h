// Inner loops of recurrent layers: one step over some rows, the product with the recurrent kernel
// and everything elementwise that follows it, while the product is in the first cache. Formulas and
// names are in base/recurrence.h.
#pragma once

#include <cstdint>

#include "base/recurrence_kinds.h"

namespace kn::cpu {

// The right side of a step's product: the recurrent kernel, some of its gates, or their transpose.
// It is packed in panels. Those of vectors (cpu/recurrent_panels.h) are `width` vectors of columns
// for all k, panel after panel, (k, width, lanes) each, zeros where columns are missing: the same
// units of all gates, or neighbouring units. Those of tiles have up to 4 tiles of 16 columns, as
// (ceil(k / 32), 3 thirds, tiles) tiles.
template <class T>
struct RecurrentMatrix {
  const T* panels;
  // Before it was packed: step p of the column of unit u and gate g lies at
  // plain[p * step + u * unit + g * units].
  const T* plain;
  int64_t step, unit;
};

template <class T>
struct RecurrentStep {
  int64_t rows, units;
  RecurrentActivation activation, gate;
  RecurrentMatrix<T> first, second;  // of the first product, of gru's second one
  const bool* mask;                  // (rows,), or nullptr: all count
  // (rows, units), or nullptr. Where each gate has a mask of its own, the next lies `apart` on, and
  // so does what the next gate's product sees; 0 where all gates share one.
  const T* drop;
  int64_t apart;
  int drops;      // masks: 0, 1, or one for each gate
  void* scratch;  // of the thread, for tiles

  // ---- Forward ----
  const T* seen;      // (rows, units): what the product sees
  const T* carried;   // (rows, units): what gru's update gate lets through
  const T* x;         // (rows, gates * units)
  const T* bias;      // (3 * units,) of gru with reset_after
  const T* h_before;  // (rows, units)
  T* h;
  T* seen_next;  // (rows, units): what the next step's product sees
  T* c;          // (rows, units), in place
  T* c_before;   // (rows, units) if c is to be kept, or nullptr
  T* gates;      // (rows, 4 * units); nullptr for lstm where they are not to be kept

  // ---- Back; `carried`, `gates` and `c_before` are what the forward step kept ----
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
struct RecurrentSteps {
  using Step = void (*)(const RecurrentStep<T>&);

  // By cell (base/recurrence_kinds.h): the first matrix of a forward step holds the same units of 4
  // (lstm), 3 (gru with reset_after) or 2 gates (gru), or neighbours (simple; gru's second). On the
  // way back all are neighbours of the transpose.
  Step forward[4], back[4];
  // The end of the way back: direct = drop * product + direct.
  Step back_to_state;
};

template <class T>
struct RecurrentLoops {
  int lanes;
  RecurrentSteps<T> steps;
};

// Steps whose products run on tile multipliers, in thirds of floats (see cpu/gemm_thirds.cc). They
// know no masks for each gate.
struct RecurrentThirds {
  RecurrentSteps<float> steps;
  // Packs up to 16 columns over k steps as a column of tiles, `block` bytes from 32 steps to the
  // next and `third` bytes from a third to the next. Columns lie side by side with their steps
  // `row` elements apart; turned, the other way around.
  using Pack = void (*)(int64_t count, int64_t k, const float* from, int64_t row, void* to,
                        int64_t block, int64_t third);
  Pack pack, pack_turned;
  // Before the first and after the last step on a thread.
  void (*begin)();
  void (*end)();
};

inline constexpr int64_t kRecurrentRows = 32;  // of a block that tiles compute at a time

struct RecurrentTable {
  RecurrentLoops<float> f32;
  RecurrentLoops<double> f64;
  const RecurrentThirds* thirds;  // nullptr where there are no tile multipliers
};

}  // namespace kn::cpu
