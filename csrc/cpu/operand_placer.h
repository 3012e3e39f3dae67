// Brings operands of all shapes to where tile functions can read them: large ones in place, single
// elements as a splat over 64 bytes, rows and columns spread over a tile of their own.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "cpu/isa/elementwise.h"
#include "cpu/tiling.h"

namespace kn::cpu {

inline constexpr size_t kSplatBytes = 64;

class OperandPlacer {
 public:
  // `constants[i]` is the content of input i where the plan knows it, nullptr elsewhere.
  OperandPlacer(const Program& program, const Tiling& tiling,
                std::span<const HostTensor* const> constants);

  // Bytes of `own` memory that set_up and place want, 64-byte aligned.
  size_t own_bytes() const { return own_bytes_; }
  // Whether input i has an element for each of a tile, or one for all.
  bool varies(int i) const { return operands_[i].varies; }

  // Before the first of the tiles in [begin, end).
  void set_up(void** slots, char* own, const void* const* in, Dim begin, Dim end) const;
  // Before the tile [position, position + count).
  void place(void** slots, char* own, const void* const* in, Dim position, Dim count) const;

 private:
  struct Operand {
    size_t size = 0;  // bytes of an element
    size_t own = 0;   // offset of its memory
    bool varies = true;
    int constant = -1;  // index of its splat, if the plan knows it
  };

  void place_walk(void** slots, char* own, const void* in, int i, Dim position, Dim count) const;

  const Tiling& tiling_;
  const ElementwiseTable* loops_;
  std::vector<Operand> operands_;
  std::vector<int> streams_, moving_;  // inputs read in place; rows and walks
  std::vector<std::array<char, kSplatBytes>> constants_;
  size_t own_bytes_ = 0;
};

}  // namespace kn::cpu
