// The gradient to a bias, next to that to the weights: attribute `bias`, output 1.
#pragma once

#include "cpu/conv.h"
#include "cpu/conv_tiles.h"
#include "runtime/kernel.h"

namespace kn::cpu {

inline bool wants_bias(const KernelRequest& r) { return r.attrs.flag("bias", false); }

// sum (columns) = or += the rows of dy (count, columns), which are `step` elements apart: a product
// with a row of ones, so that sums stay in registers.
template <class T>
void sum_rows(const ConvKernels<T>& kernels, const T* dy, Dim count, Dim columns, Dim step, T* sum,
              bool accumulate) {
  const T one = 1;
  const Dim width = 2 * kernels.lanes;
  ConvPile pile{};
  pile.run_count = 1;
  pile.b_step = step;
  pile.accumulate = accumulate;
  for (Dim from = 0; from < columns; from += width) {
    pile.c = sum + from;
    ConvRun run{&one, dy + from, count};
    run_tiles(kernels, pile, &run, Dim{1}, std::min(width, columns - from));
  }
}

}  // namespace kn::cpu
