// C = op(A)·op(B), the one matrix product that dense layers, convolutions and recurrent cells share.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/dtype.h"

namespace kn {
class ThreadPool;
}

namespace kn::cpu {

// Row-major matrices: op(A) is m x k, op(B) k x n, C m x n. A is stored (m, k), or (k, m) when
// transposed; B (k, n), or (n, k). A leading dimension is the distance of two stored rows in
// elements; 0 means dense.
struct GemmShape {
  DType dtype = DType::f32;  // f32 or f64
  int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
  int64_t lda = 0, ldb = 0, ldc = 0;
  bool accumulate = false;  // C += … instead of C = …

  int64_t row_a() const { return lda ? lda : (transpose_a ? m : k); }
  int64_t row_b() const { return ldb ? ldb : (transpose_b ? k : n); }
  int64_t row_c() const { return ldc ? ldc : n; }
};

enum class Activation : uint8_t { linear, relu, sigmoid, tanh };
// False where the name is none of the above ("" is linear).
bool parse_activation(std::string_view name, Activation& activation);

// What happens to C before it leaves the cache: C = activation(C + bias).
struct Epilogue {
  const void* bias = nullptr;  // (n,) of the product's dtype
  Activation activation = Activation::linear;
};

}  // namespace kn::cpu
