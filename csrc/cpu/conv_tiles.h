// A pile of any number of rows as tiles of nearly equal height: a few rows left over would cost as
// much as many.
#pragma once

#include "base/shape.h"
#include "cpu/isa/conv.h"
#include "cpu/isa/conv_args.h"

namespace kn::cpu {

// `rows` rows of up to two vectors of `columns` columns; `runs` are pile.runs, which move on.
template <class T>
void run_tiles(const ConvKernels<T>& kernels, ConvPile& pile, ConvRun* runs, Dim rows,
               Dim columns) {
  const Dim vectors = (columns + kernels.lanes - 1) / kernels.lanes;
  pile.runs = runs;
  pile.last_columns = static_cast<int>(columns - (vectors - 1) * kernels.lanes);
  const auto& tiles =
      (pile.last_columns < kernels.lanes ? kernels.partial : kernels.whole)[vectors - 1];
  Dim number = (rows + kernels.rows - 1) / kernels.rows;
  while (rows > 0) {
    const Dim height = (rows + number - 1) / number;
    pile.tiles = rows - number * (height - 1);
    tiles[height - 1](pile);
    const Dim done = height * pile.tiles;
    pile.c = static_cast<T*>(pile.c) + done * pile.c_row;
    for (Dim i = 0; i < pile.run_count; ++i)
      runs[i].a = static_cast<const T*>(runs[i].a) + done * pile.a_row;
    rows -= done;
    number -= pile.tiles;
  }
}

}  // namespace kn::cpu
