// Products with a vector, or with up to four columns: each number of the matrix is used once or a
// few times, so bringing it into the form that tiles want (cpu/gemm.cc) would be most of the work.
#pragma once

#include "cpu/gemm.h"

namespace kn::cpu {

// The forms, M being the matrix that is read once:
//  - columns: C[i, j] = M's row i times column j of B, up to four of them;
//  - row: C[j] = M's row j times A's only row;
//  - sum: C = sum of M's rows times the numbers of a vector, which is A's row or B's column;
//  - outer: C[i, j] = A[i] B[j], there is no M but C.
enum class VectorForm { none, columns, row, sum, outer };

// By the shape alone. Sums have the same order for any number of threads.
VectorForm vector_form(const GemmShape& shape);

size_t vector_workspace_bytes(const GemmShape& shape);

// Nanoseconds on one thread, roughly.
int64_t vector_cost(const GemmShape& shape);

// As Gemm::run, for a shape that has a form.
void run_vector_product(const GemmShape& shape, const void* a, const void* b, void* c,
                        const Epilogue& epilogue, ThreadPool* pool, void* workspace);

}  // namespace kn::cpu
