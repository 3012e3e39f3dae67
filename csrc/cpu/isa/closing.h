// Table of the loops that close an elementwise program with a reduction; [0] float32, [1] float64.
#pragma once

#include <cstdint>

namespace kn::cpu {

struct ClosingTable {
  // Of each row of x (rows, n): its sum in float64, added to total[row].
  void (*add_sums[2])(const void* x, int64_t rows, int64_t n, double* total);
  // The greatest (least) element of x and `start`; NaN where there is one.
  double (*max[2])(const void* x, int64_t n, double start);
  double (*min[2])(const void* x, int64_t n, double start);
  // total[j] += x[i][j] for x (rows, n); and likewise the greatest and least.
  void (*add_rows[2])(const void* x, int64_t rows, int64_t n, void* total);
  void (*max_rows[2])(const void* x, int64_t rows, int64_t n, void* total);
  void (*min_rows[2])(const void* x, int64_t rows, int64_t n, void* total);
};

}  // namespace kn::cpu
