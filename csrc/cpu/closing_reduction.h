// A reduction that closes an elementwise program. Chunks of the domain leave their parts side by
// side and `join` adds them up in order, so the result does not depend on who ran which chunk.
#pragma once

#include "base/program.h"
#include "cpu/isa/closing.h"
#include "cpu/tiling.h"

namespace kn::cpu {

class ClosingReduction {
 public:
  // `pattern` none (nothing of more than one element is reduced) is taken as runs of one.
  ClosingReduction(const ProgramOutput& output, DType type, Pattern pattern, Dim elements);

  Pattern pattern() const { return pattern_; }
  Dim run() const { return run_; }  // elements of the domain per element of the output

  // What a chunk gathers in: nothing where chunks hold whole runs and write their own results.
  size_t part_bytes() const;

  // Of one chunk: before its first tile, for each tile, after the last. `part` has part_bytes();
  // `carry` is what passes from tile to tile; x holds elements [position, position + count).
  void start(void* part, double& carry) const;
  void add(const char* x, Dim position, Dim count, void* part, double& carry, void* out) const;
  void stop(void* part, double carry) const;

  // The output from `chunks` parts.
  void join(const void* parts, Dim chunks, void* out) const;
  // The output of an empty domain.
  void fill_empty(void* out) const;

 private:
  using JoinRows = void (*)(const void* x, int64_t rows, int64_t n, void* total);

  void fill(void* out, double value) const;
  void store(void* out, Dim i, double value) const;
  double joined(const void* x, Dim count, double total) const;
  void add_leading(const char* x, Dim position, Dim count, void* part) const;
  void add_trailing(const char* x, Dim position, Dim count, double& carry, void* out) const;

  Closing closing_;
  Pattern pattern_;
  int type_;        // 0 float32, 1 float64
  size_t size_;     // bytes of an element
  Dim kept_, run_;  // elements of the output, and of the domain for each of them
  double identity_, scale_;
  const ClosingTable* loops_;
  JoinRows join_rows_;
};

}  // namespace kn::cpu
