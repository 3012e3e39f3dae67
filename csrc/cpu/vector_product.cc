#include "cpu/vector_product.h"

#include <algorithm>

#include "base/rounding.h"
#include "cpu/activation_loop.h"
#include "cpu/dot_kernels.h"
#include "cpu/isa/conv_args.h"
#include "cpu/isa/isa.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kFewestSteps = 8;     // of a row, for vectors along it
constexpr int64_t kFewestColumns = 16;  // of a row that is added to others
constexpr int64_t kOuterColumns = 64;   // of a row that is written alone
constexpr int64_t kRows = 64;           // that a thread takes at least
constexpr int64_t kChunks = 32;
// Rows that are added up, at least so many numbers of them and so many rows, have a sum of their
// own for each of up to eight parts: threads then read memory in sequence.
constexpr int64_t kParts = 8, kPartNumbers = 64 * 1024, kPartRows = 16;
constexpr int64_t kColumns = 4096;  // of a sum that stays in the first cache

template <class T>
class VectorProduct {
 public:
  VectorProduct(const GemmShape& shape, const Epilogue& epilogue, ThreadPool* pool)
      : s_(shape),
        form_(vector_form(shape)),
        bias_(static_cast<const T*>(epilogue.bias)),
        relu_(epilogue.activation == Opcode::relu),
        activation_(activation_loop<T>(epilogue.activation)),
        pool_(pool),
        dots_(dot_kernels_of<T>()) {
    if constexpr (sizeof(T) == 4) gemm_ = &table().gemm.f32;
    else gemm_ = &table().gemm.f64;
  }

  // Columns of B one after the other, or the sums of all parts but the first.
  int64_t workspace_elements() const {
    if (form_ == VectorForm::columns) return gathers() ? s_.n * s_.k : 0;
    return form_ == VectorForm::sum ? (parts() - 1) * length() : 0;
  }

  void run(const T* a, const T* b, T* c, T* workspace) const {
    if (form_ == VectorForm::sum)
      return s_.m == 1 ? add_up(b, s_.row_b(), a, c, workspace)
                       : add_up(a, s_.row_a(), b, c, workspace);
    if (form_ == VectorForm::outer)
      return share_rows(s_.m, [&](int64_t from, int64_t count) { spread(a, b, c, from, count); });
    const bool columns = form_ == VectorForm::columns;
    const T* matrix = columns ? a : b;
    const T* vectors = columns ? b : a;
    if (gathers()) {
      for (int64_t j = 0; j < s_.n; ++j)
        for (int64_t p = 0; p < s_.k; ++p) workspace[j * s_.k + p] = b[p * s_.row_b() + j];
      vectors = workspace;
    }
    share_rows(columns ? s_.m : s_.n,
               [&](int64_t from, int64_t count) { multiply(matrix, vectors, c, from, count); });
  }

 private:
  // The length of C where it is a vector, and how many of them are added up.
  int64_t length() const { return s_.m == 1 ? s_.n : s_.m; }
  int64_t parts() const {
    return std::clamp<int64_t>(std::min(s_.k * length() / kPartNumbers, s_.k / kPartRows), 1,
                               kParts);
  }
  bool gathers() const {
    return form_ == VectorForm::columns && !s_.transpose_b && (s_.n > 1 || s_.row_b() > 1);
  }

  template <class Body>
  void share(int64_t chunks, const Body& body) const {
    const auto one = [&](int64_t i) { body(i, chunks); };
    if (pool_ && chunks > 1) return pool_->run_chunks(chunks, vector_cost(s_), one);
    for (int64_t i = 0; i < chunks; ++i) one(i);
  }

  template <class Body>
  void share_rows(int64_t rows, const Body& body) const {
    share(std::clamp<int64_t>(rows / kRows, 1, kChunks), [&](int64_t chunk, int64_t chunks) {
      const int64_t from = rows * chunk / chunks;
      body(from, rows * (chunk + 1) / chunks - from);
    });
  }

  // Rows of C, each the row of B times a number of A.
  void spread(const T* a, const T* b, T* c, int64_t from, int64_t count) const {
    const int64_t a_step = s_.transpose_a ? 1 : s_.row_a();
    for (int64_t i = from; i < from + count; ++i) {
      T* row = c + i * s_.row_c();
      dots_.combine(1, s_.n, b, 0, a + i * a_step, s_.accumulate, row);
      if (bias_ || relu_) gemm_->finish(1, s_.n, row, s_.row_c(), bias_, relu_);
      activate(row, s_.n);
    }
  }

  // Rows of C for as many rows of M, or columns of C where it has one row.
  void multiply(const T* matrix, const T* vectors, T* c, int64_t from, int64_t count) const {
    const bool columns = form_ == VectorForm::columns;
    const int64_t row = columns ? s_.row_a() : s_.row_b();
    const ConvRun run{matrix + from * row, vectors, s_.k};
    ConvPile pile{};
    pile.tiles = count;
    pile.runs = &run;
    pile.run_count = 1;
    pile.a_row = row;
    pile.b_step = gathers() ? s_.k : s_.row_b();
    pile.c_row = columns ? s_.row_c() : 1;
    pile.c = c + from * pile.c_row;
    pile.accumulate = s_.accumulate;
    pile.bias = columns ? bias_ : nullptr;
    pile.relu = columns && relu_;
    dots_.dots[columns ? s_.n - 1 : 0](pile);
    if (!columns) return finish(c, from, count);
    if (activation_)
      for (int64_t i = from; i < from + count; ++i) activate(c + i * s_.row_c(), s_.n);
  }

  // C (n,) = sum over rows of m times numbers of v.
  void add_up(const T* m, int64_t row, const T* v, T* c, T* workspace) const {
    const int64_t n = length(), count = parts();
    share(count, [&](int64_t part, int64_t) {
      const int64_t from = s_.k * part / count, until = s_.k * (part + 1) / count;
      T* sum = part == 0 ? c : workspace + (part - 1) * n;
      for (int64_t j = 0; j < n; j += kColumns)
        dots_.combine(until - from, std::min(kColumns, n - j), m + from * row + j, row, v + from,
                      part == 0 && s_.accumulate, sum + j);
    });
    for (int64_t part = 1; part < count; ++part) gemm_->add(n, workspace + (part - 1) * n, c);
    finish(c, 0, n);
  }

  // Elements of C where it is a vector.
  void finish(T* c, int64_t from, int64_t count) const {
    const bool one_row = s_.m == 1;
    if (bias_ || relu_)
      gemm_->finish(one_row ? 1 : count, one_row ? count : 1, c + from, 1,
                    bias_ && one_row ? bias_ + from : bias_, relu_);
    activate(c + from, count);
  }

  void activate(T* c, int64_t n) const {
    if (activation_) activation_(c, TileOperands{{c}, {1}, 0, 0}, n);
  }

  const GemmShape& s_;
  const VectorForm form_;
  const T* bias_;
  const bool relu_;
  const TileFn activation_;
  ThreadPool* pool_;
  const DotKernels<T>& dots_;
  const GemmKernels<T>* gemm_;
};

}  // namespace

VectorForm vector_form(const GemmShape& s) {
  if (s.m == 0 || s.n == 0) return VectorForm::none;
  // What is used as a vector has to lie dense.
  const bool row = s.m == 1 && (!s.transpose_a || s.row_a() == 1);
  const bool column = s.n == 1 && (s.transpose_b || s.row_b() == 1) && s.row_c() == 1;
  if (row && s.transpose_b && s.k >= kFewestSteps) return VectorForm::row;
  if (row && !s.transpose_b && s.n >= kFewestColumns) return VectorForm::sum;
  if (column && s.transpose_a && s.m >= kFewestColumns) return VectorForm::sum;
  if (s.k == 1 && s.n >= kOuterColumns && (!s.transpose_b || s.row_b() == 1))
    return VectorForm::outer;
  if (s.n <= kDotColumns && !s.transpose_a && s.k >= kFewestSteps) return VectorForm::columns;
  return VectorForm::none;
}

size_t vector_workspace_bytes(const GemmShape& s) {
  if (s.dtype == DType::f64)
    return sizeof(double) * VectorProduct<double>(s, {}, nullptr).workspace_elements();
  return sizeof(float) * VectorProduct<float>(s, {}, nullptr).workspace_elements();
}

int64_t vector_cost(const GemmShape& s) {
  return s.m * s.n * s.k * static_cast<int64_t>(size_of(s.dtype)) / 32;
}

void run_vector_product(const GemmShape& s, const void* a, const void* b, void* c,
                        const Epilogue& epilogue, ThreadPool* pool, void* workspace) {
  const auto run_as = [&](auto zero) {
    using T = decltype(zero);
    VectorProduct<T>(s, epilogue, pool)
        .run(static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(c),
             static_cast<T*>(workspace));
  };
  if (s.dtype == DType::f64) run_as(0.0);
  else run_as(0.0f);
}

}  // namespace kn::cpu
