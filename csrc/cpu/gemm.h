// C = op(A)·op(B), the one matrix product that dense layers, convolutions and recurrent cells
// share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/dtype.h"
#include "base/opcode.h"

namespace kn {
class ThreadPool;
}

namespace kn::cpu {

struct GemmGrid;
struct GemmTable;

// Row-major matrices: op(A) is m x k, op(B) k x n, C m x n. A is stored (m, k), or (k, m) when
// transposed; B (k, n), or (n, k). A leading dimension is the distance of two stored rows in
// elements; 0 means dense.
struct GemmShape {
  DType dtype = DType::f32;  // f32 or f64
  int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
  int64_t lda = 0, ldb = 0, ldc = 0;
  bool accumulate = false;  // C += … instead of C = …

  bool operator==(const GemmShape&) const = default;
  int64_t row_a() const { return lda ? lda : (transpose_a ? m : k); }
  int64_t row_b() const { return ldb ? ldb : (transpose_b ? k : n); }
  int64_t row_c() const { return ldc ? ldc : n; }
};

// What happens to C before it leaves the cache: C = activation(C + bias).
struct Epilogue {
  const void* bias = nullptr;        // (n,) of the product's dtype
  Opcode activation = Opcode::copy;  // copy: none
};

// The activation of that name ("" is none), or false where it is no part of an epilogue.
bool parse_activation(std::string_view name, Opcode& activation);

// The pieces of a product, by its shape alone. Swapped means that the transpose of C is computed
// and turned around at the end; m and n below are then those of the transpose.
struct GemmSplit {
  bool vector = false;  // by vector_product.cc, which cuts it itself
  bool swapped = false;
  bool thirds = false;   // on tile multipliers, see gemm_thirds.cc
  bool streams = false;  // in thirds, see gemm_stream.cc
  int64_t m = 0, n = 0;
  int64_t rows = 0, columns = 0;  // of a chunk of C, the unit of work of a thread
  int64_t parts = 1, inner = 0;   // k is cut into parts of `inner`, whose sums are added in order
  int64_t depth = 0;              // steps of k that a panel of B covers
};

// How a product is carried out: decided once per shape, then run as often as wanted, from several
// threads at a time if each brings its own workspace. Results have the same bits for any number of
// threads and any alignment.
class Gemm {
 public:
  // Uses the current instruction set and as many threads as the global pool has now.
  explicit Gemm(const GemmShape& shape);
  // The same on one thread, with a small workspace: for callers that split the work themselves.
  static Gemm single_threaded(const GemmShape& shape);

  const GemmShape& shape() const { return shape_; }
  size_t workspace_bytes() const;
  // Nanoseconds on one thread, roughly.
  int64_t cost() const { return cost_; }
  // `pool` may be nullptr; `workspace` is 64-byte aligned. A, B and C must not overlap.
  void run(const void* a, const void* b, void* c, const Epilogue& epilogue, ThreadPool* pool,
           void* workspace) const;

 private:
  Gemm(const GemmShape& shape, int slots);

  GemmShape shape_;
  const GemmTable* table_;  // of the instruction set
  GemmSplit split_;
  std::shared_ptr<const GemmGrid> grid_;  // nullptr for products with vectors
  int slots_;
  int64_t cost_ = 0;
};

}  // namespace kn::cpu
