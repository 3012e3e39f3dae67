// Products of matrices and batches of them, with bias and activation, for the files that compile
// them: in plain arithmetic (matmul.cu), on tensor cores in TF32 (matmul_tf32.cu) and in halves
// (matmul_halves.cu), and in both by what compute capability 9.0 adds (matmul_hopper.cu).
#pragma once

#include "epilogue.h"
#include "families.h"
#include "gemm_tile.h"
#include "runtime/device.h"
#include "strided.h"
#include "tensor_tile.h"

namespace kn::cuda {

std::unique_ptr<Kernel> make_matmul_hopper(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_matmul_tf32(const KernelRequest& r, std::string& refusal);
std::unique_ptr<Kernel> make_matmul_halves(const KernelRequest& r, std::string& refusal);

// op(A) lies along k unless it is transposed, op(B) where it is.
template <class T, bool kA, bool kB>
struct Matrices {
  using Factor = T;
  using Sum = SumOf<T>;
  static constexpr bool kAAlongK = kA, kBAlongK = kB;
  static constexpr bool kLooksUp = false;
  // Where a line begins, and how far along it.
  using ALine = const T*;
  using BLine = const T*;

  const T *a_data, *b_data;
  T* c_data;
  Strided a_batch, b_batch;  // where product z begins
  int64_t m, n;
  int64_t a_columns, b_columns;  // as they lie in memory
  Epilogue<T> epilogue;

  __device__ const T* a_base(int64_t z) const { return a_data + a_batch(z); }
  __device__ const T* b_base(int64_t z) const { return b_data + b_batch(z); }
  __device__ const T* a_line(const T* base, int64_t i) const {
    return base + i * (kA ? a_columns : 1);
  }
  __device__ const T* b_line(const T* base, int64_t j) const {
    return base + j * (kB ? b_columns : 1);
  }
  __device__ int64_t a_deep(int64_t k) const { return k * (kA ? 1 : a_columns); }
  __device__ int64_t b_deep(int64_t k) const { return k * (kB ? 1 : b_columns); }
  __device__ Element<T> a(const T* line, int64_t deep) const { return {line + deep}; }
  __device__ Element<T> b(const T* line, int64_t deep) const { return {line + deep}; }
  // Rows of whole runs begin at multiples of runs, those of every matrix of a batch.
  static constexpr int64_t kRun = 16 / sizeof(T);
  bool a_in_runs() const { return a_columns % kRun == 0 && at_run(a_data); }
  bool b_in_runs() const { return b_columns % kRun == 0 && at_run(b_data); }
  bool c_in_fours() const { return n % 4 == 0 && at_run(c_data); }
  __device__ void store(int64_t z, int64_t i, int64_t j, Sum sum) const {
    c_data[(z * m + i) * n + j] = narrow<T>(epilogue(sum, j));
  }
  __device__ void store_four(int64_t z, int64_t i, int64_t j, const Sum (&sum)[4]) const {
    FourOf<T> four;
#pragma unroll
    for (int e = 0; e < 4; ++e) four.of[e] = narrow<T>(epilogue(sum[e], j + e));
    *reinterpret_cast<FourOf<T>*>(c_data + (z * m + i) * n + j) = four;
  }
};

inline Dim extent(const Shape& s, int from_end) { return s[s.rank() - from_end]; }

// The matrices of `s`, walked over the leading axes of `out` to which they broadcast.
inline Strided batch_of(const Shape& s, const Shape& out) {
  const int lead = out.rank() - 2, own = s.rank() - 2;
  const auto strides = strides_of(s);
  Strided walk;
  for (int i = 0; i < lead; ++i) {
    const int axis = i - (lead - own);
    walk.push(out[i], axis < 0 || s[axis] == 1 ? 0 : strides[axis]);
  }
  return walk;
}

// What a product is, from its request.
struct MatmulPlan {
  ProductSize size;
  int64_t a_matrices = 1, b_matrices = 1;  // that there are: of the batch, or fewer that repeat
  Strided a_batch, b_batch;
  Dim a_columns, b_columns;
  bool has_bias, transpose_a, transpose_b;
  Opcode activation;

  MatmulPlan(const KernelRequest& r, Opcode fused)
      : has_bias(r.in.size() == 3),
        transpose_a(r.attrs.flag("transpose_a", false)),
        transpose_b(r.attrs.flag("transpose_b", false)),
        activation(fused) {
    const Shape &a = r.in[0].shape, &b = r.in[1].shape, &out = r.out[0].shape;
    a_columns = extent(a, 1);
    b_columns = extent(b, 1);
    size = {out.elements(0, out.rank() - 2), extent(out, 2), extent(out, 1),
            extent(a, transpose_a ? 2 : 1)};
    const bool one_b = b.elements(0, b.rank() - 2) == 1;
    if (one_b && !transpose_a && a.elements(0, a.rank() - 1) == out.elements(0, out.rank() - 1)) {
      size.m *= size.batch;  // one product of all rows
      size.batch = 1;
    } else {
      a_matrices = a.elements(0, a.rank() - 2);
      b_matrices = b.elements(0, b.rank() - 2);
      a_batch = batch_of(a, out);
      b_batch = batch_of(b, out);
    }
  }

  template <class T, bool kA, bool kB>
  Matrices<T, kA, kB> matrices(const RunArgs& args) const {
    return {args.input<T>(0),
            args.input<T>(1),
            args.output<T>(0),
            a_batch,
            b_batch,
            size.m,
            size.n,
            a_columns,
            b_columns,
            {has_bias ? args.input<T>(2) : nullptr, activation}};
  }
};

template <class T, bool kTensor>
class Matmul : public Kernel {
 public:
  Matmul(const KernelRequest& r, Opcode activation)
      : plan_(r, activation), choice_(choose_tile(plan_.size, unit_of<T, kTensor>())) {}

  size_t workspace_bytes() const override {
    return parts_bytes(plan_.size, choice_, sizeof(SumOf<T>));
  }

  void run(const RunArgs& args) const override {
    constexpr std::true_type yes;
    constexpr std::false_type no;
    if (plan_.transpose_a) plan_.transpose_b ? run_by(args, no, yes) : run_by(args, no, no);
    else plan_.transpose_b ? run_by(args, yes, yes) : run_by(args, yes, no);
  }

 private:
  template <class AAlongK, class BAlongK>
  void run_by(const RunArgs& args, AAlongK, BAlongK) const {
    const auto m = plan_.matrices<T, AAlongK::value, BAlongK::value>(args);
    if constexpr (kTensor) multiply_on_tensor_cores(args, plan_.size, choice_, m);
    else multiply(args, plan_.size, choice_, m);
  }

  MatmulPlan plan_;
  TileChoice choice_;
};

}  // namespace kn::cuda
