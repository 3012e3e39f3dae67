// The instructions of an elementwise program as calls of tile functions over slots: the first slots
// are the program's inputs, then its outputs, then registers of one tile each.
#pragma once

#include <vector>

#include "base/program.h"
#include "cpu/isa/elementwise.h"
#include "cpu/tiling.h"

namespace kn::cpu {

struct TileStep {
  TileFn run;
  TileOperands operands;  // without the sources
  int16_t out;            // slots
  int16_t sources[3];
  int8_t arity;
  // Of dropout, which `run` does not do: a / (1 - rate) where the drawn word is `first` or more.
  bool draws = false, is_f64 = false;
  uint32_t first = 0;
  double scale = 0;
  uint64_t seed = 0;
};

struct TileCode {
  std::vector<TileStep> steps;
  int inputs = 0, outputs = 0, registers = 0;
  size_t element = 1;             // bytes of the widest value
  std::vector<int16_t> results;   // slot that holds each output's value when a tile is done
  std::vector<int16_t> last_use;  // of each input: the last step that reads it, -1 where none does
  std::vector<int16_t> made_by;   // of each output that is stored: the step that writes it
  double ns_per_element = 0;      // a rough guess, for splitting over threads
};

// False with a reason where there is no tile function for an instruction.
bool make_tile_code(const Program& program, TileCode& code, std::string& refusal);

}  // namespace kn::cpu
