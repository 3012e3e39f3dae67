// bfloat16 products on tile multipliers: sums in float32, rounded once.
#pragma once

#include "cpu/gemm.h"
#include "cpu/isa/elementwise.h"

namespace kn::cpu {

struct GemmHalves;

// As `Gemm`, for operands and results of bfloat16, bias among them.
class HalvesGemm {
 public:
  // `slots`: threads that may work on it.
  // `result`: bfloat16, or float32 for sums that are not rounded.
  HalvesGemm(const GemmShape& shape, const GemmHalves& kernels, int slots,
             DType result = DType::bf16);

  size_t workspace_bytes() const { return static_cast<size_t>(slots_) * slot_bytes_; }
  int64_t cost() const { return shape_.m * shape_.n * shape_.k / 400; }
  void run(const void* a, const void* b, void* c, const Epilogue& epilogue, ThreadPool* pool,
           void* workspace) const;

  // Whether packing and rounding are worth it; by the shape alone.
  static bool worth(const GemmShape& shape);

 private:
  GemmShape shape_;
  const GemmHalves* kernels_;
  int slots_;
  bool floats_;
  int64_t rows_, columns_;  // of a chunk of C
  size_t slot_bytes_;
};

}  // namespace kn::cpu
