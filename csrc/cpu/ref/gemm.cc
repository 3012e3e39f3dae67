#include "cpu/ref/gemm.h"

#include <cmath>
#include <type_traits>

namespace kn::cpu::ref {

double activated(double x, Opcode activation) {
  constexpr double kSeluScale = 1.0507009873554805, kSeluSlope = 1.7580993408473766;
  switch (activation) {
    case Opcode::relu: return x < 0 ? 0 : x;
    case Opcode::sigmoid: return 1 / (1 + std::exp(-x));
    case Opcode::hard_sigmoid: return std::fmin(std::fmax(0.2 * x + 0.5, 0), 1);
    case Opcode::tanh: return std::tanh(x);
    case Opcode::softplus: return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x)));
    case Opcode::softsign: return x / (1 + std::fabs(x));
    case Opcode::selu: return x < 0 ? kSeluSlope * std::expm1(x) : kSeluScale * x;
    case Opcode::exp: return std::exp(x);
    default: return x;
  }
}

namespace {

template <class T>
void gemm_of(const GemmShape& s, const T* a, const T* b, T* c, const Epilogue& epilogue) {
  using Sum = std::conditional_t<std::is_integral_v<T>, T, double>;
  const T* bias = static_cast<const T*>(epilogue.bias);
  const int64_t lda = s.row_a(), ldb = s.row_b(), ldc = s.row_c();
  const int64_t a_row = s.transpose_a ? 1 : lda, a_inner = s.transpose_a ? lda : 1;
  const int64_t b_inner = s.transpose_b ? 1 : ldb, b_column = s.transpose_b ? ldb : 1;
  for (int64_t i = 0; i < s.m; ++i) {
    for (int64_t j = 0; j < s.n; ++j) {
      Sum sum = s.accumulate ? c[i * ldc + j] : 0;
      for (int64_t k = 0; k < s.k; ++k)
        sum += static_cast<Sum>(a[i * a_row + k * a_inner]) * b[k * b_inner + j * b_column];
      if (bias) sum += bias[j];
      if constexpr (!std::is_integral_v<T>) sum = activated(sum, epilogue.activation);
      c[i * ldc + j] = static_cast<T>(sum);
    }
  }
}

}  // namespace

void gemm(const GemmShape& shape, const void* a, const void* b, void* c, const Epilogue& epilogue) {
  dispatch(shape.dtype, [&](auto element) {
    using T = decltype(element);
    if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, uint8_t>)
      gemm_of(shape, static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(c),
              epilogue);
  });
}

}  // namespace kn::cpu::ref
