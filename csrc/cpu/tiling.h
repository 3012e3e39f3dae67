// How the domain of an elementwise program is walked in tiles. Neighbouring axes that no operand
// and no closing reduction tells apart are one axis; what is left is (rows…, inner). Where several
// rows fit, a tile is a block of whole rows; else it is a piece of one row.
#pragma once

#include <array>
#include <vector>

#include "base/program.h"

namespace kn::cpu {

enum class Reach : uint8_t {
  stream,  // every element of the domain has its own: read in place
  single,  // one element for all
  repeat,  // one row, the same for all rows
  walk,    // all else: found row by row
};

struct TiledOperand {
  Reach reach;
  bool along_inner;                   // has an element per position of the inner axis
  std::array<Dim, kMaxRank> steps{};  // elements to step along each axis of the tiling
};

// How a closing reduction sees the flat domain: (repeats, kept) with the reduction over `repeats`,
// (kept, run) with it over `run`, or over everything.
enum class Pattern : uint8_t { none, all, leading, trailing };

struct Tiling {
  int rank = 0;
  std::array<Dim, kMaxRank> extents{};  // the last is the inner axis
  Dim elements = 0, inner = 1;
  Dim tile = 0;         // elements of a full tile: rows_per_tile * inner, or a piece of a row
  bool blocks = false;  // tiles are blocks of two or more rows
  std::vector<TiledOperand> operands;
  std::vector<Pattern> patterns;  // of each output

  // Where operand `i` has its first element of row `row`.
  Dim offset(int i, Dim row) const;
};

// False with a reason where a closing reduction has no pattern (its axes are neither the first nor
// the last ones). `most` is the greatest number of elements of a tile.
bool make_tiling(const Program& program, Dim most, Tiling& tiling, std::string& refusal);

}  // namespace kn::cpu
