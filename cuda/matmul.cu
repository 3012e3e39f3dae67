// Products of matrices and batches of them, with bias and activation: on tensor cores where TF32 is
// allowed, else in plain arithmetic.
#include "epilogue.h"
#include "families.h"
#include "gemm_tile.h"
#include "runtime/device.h"
#include "strided.h"
#include "tensor_tile.h"

namespace kn::cuda {

namespace {

template <class T>
struct Matrices {
  const T *a_data, *b_data;
  T* c_data;
  Strided a_batch, b_batch;  // where product z begins
  int64_t m, n;
  int64_t a_row, a_step, b_row, b_step;  // of rows and columns of op(A), op(B)
  Epilogue<T> epilogue;

  __device__ Element<T> a(int64_t z, int64_t i, int64_t k) const {
    return {a_data + a_batch(z) + i * a_row + k * a_step};
  }
  __device__ Element<T> b(int64_t z, int64_t k, int64_t j) const {
    return {b_data + b_batch(z) + k * b_row + j * b_step};
  }
  __device__ bool a_along_k() const { return a_step == 1; }
  __device__ bool b_along_k() const { return b_row == 1; }
  // Rows of whole fours begin at multiples of four, those of every matrix of a batch.
  bool a_in_fours() const { return a_row * a_step % 4 == 0 && in_fours(a_data); }
  bool b_in_fours() const { return b_row * b_step % 4 == 0 && in_fours(b_data); }
  __device__ void store(int64_t z, int64_t i, int64_t j, T sum) const {
    c_data[(z * m + i) * n + j] = epilogue(sum, j);
  }
};

Dim extent(const Shape& s, int from_end) { return s[s.rank() - from_end]; }

// The matrices of `s`, walked over the leading axes of `out` to which they broadcast.
Strided batch_of(const Shape& s, const Shape& out) {
  const int lead = out.rank() - 2, own = s.rank() - 2;
  const auto strides = strides_of(s);
  Strided walk;
  for (int i = 0; i < lead; ++i) {
    const int axis = i - (lead - own);
    walk.push(out[i], axis < 0 || s[axis] == 1 ? 0 : strides[axis]);
  }
  return walk;
}

template <class T, bool kTensor>
class Matmul : public Kernel {
 public:
  Matmul(const KernelRequest& r, Opcode activation)
      : has_bias_(r.in.size() == 3),
        transpose_a_(r.attrs.flag("transpose_a", false)),
        transpose_b_(r.attrs.flag("transpose_b", false)),
        activation_(activation) {
    const Shape &a = r.in[0].shape, &b = r.in[1].shape, &out = r.out[0].shape;
    a_columns_ = extent(a, 1);
    b_columns_ = extent(b, 1);
    size_ = {out.elements(0, out.rank() - 2), extent(out, 2), extent(out, 1),
             extent(a, transpose_a_ ? 2 : 1)};
    const bool one_b = b.elements(0, b.rank() - 2) == 1;
    if (one_b && !transpose_a_ && a.elements(0, a.rank() - 1) == out.elements(0, out.rank() - 1)) {
      size_.m *= size_.batch;  // one product of all rows
      size_.batch = 1;
    } else {
      a_batch_ = batch_of(a, out);
      b_batch_ = batch_of(b, out);
    }
  }

  size_t workspace_bytes() const override {
    return kTensor ? tensor_workspace(size_) : product_workspace<T>(size_);
  }

  void run(const RunArgs& args) const override {
    const Matrices<T> matrices{args.input<T>(0),
                               args.input<T>(1),
                               args.output<T>(0),
                               a_batch_,
                               b_batch_,
                               size_.m,
                               size_.n,
                               transpose_a_ ? 1 : a_columns_,
                               transpose_a_ ? a_columns_ : 1,
                               transpose_b_ ? 1 : b_columns_,
                               transpose_b_ ? b_columns_ : 1,
                               {has_bias_ ? args.input<T>(2) : nullptr, activation_}};
    if constexpr (kTensor) run_on_tensor_cores(args, matrices);
    else multiply<T>(args, size_, matrices, args.workspace);
  }

 private:
  void run_on_tensor_cores(const RunArgs& args, const Matrices<float>& m) const {
    const auto multiply = [&](auto a_along_k, auto b_along_k) {
      multiply_on_tensor_cores<a_along_k.value, b_along_k.value>(args, size_, m, args.workspace);
    };
    constexpr std::true_type yes;
    constexpr std::false_type no;
    if (transpose_a_) transpose_b_ ? multiply(no, yes) : multiply(no, no);
    else transpose_b_ ? multiply(yes, yes) : multiply(yes, no);
  }

  ProductSize size_;
  Strided a_batch_, b_batch_;
  Dim a_columns_, b_columns_;
  bool has_bias_, transpose_a_, transpose_b_;
  Opcode activation_;
};

bool find_activation(const KernelRequest& r, Opcode& activation, std::string& refusal) {
  if (parse_activation(r.attrs.text("activation", ""), activation)) return true;
  refusal = "activation " + r.attrs.text("activation") + " has no epilogue";
  return false;
}

std::unique_ptr<Kernel> make_tf32(const KernelRequest& r, std::string& refusal) {
  Opcode activation;
  if (!may_use_tf32(r, refusal) || !find_activation(r, activation, refusal)) return nullptr;
  return std::make_unique<Matmul<float, true>>(r, activation);
}

std::unique_ptr<Kernel> make_tiles(const KernelRequest& r, std::string& refusal) {
  Opcode activation;
  if (!find_activation(r, activation, refusal)) return nullptr;
  switch (r.in[0].dtype) {
    case DType::f32: return std::make_unique<Matmul<float, false>>(r, activation);
    case DType::f64: return std::make_unique<Matmul<double, false>>(r, activation);
    case DType::i32: return std::make_unique<Matmul<int32_t, false>>(r, activation);
    case DType::i64: return std::make_unique<Matmul<int64_t, false>>(r, activation);
    default: break;
  }
  refusal = "products of " + std::string(name_of(r.in[0].dtype)) + " are not computed";
  return nullptr;
}

const Candidate kMatmul[] = {{"tf32", make_tf32}, {"tiles", make_tiles}};
const OpKernels kKernels[] = {{"matmul", kMatmul}};

}  // namespace

std::span<const OpKernels> matmul_kernels() { return kKernels; }

}  // namespace kn::cuda
