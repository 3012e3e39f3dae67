// The matmul op on gemm: folds leading axes into rows where B is one matrix, else runs over the
// batch.
#include <algorithm>
#include <memory>
#include <vector>

#include "cpu/families.h"
#include "cpu/gemm.h"
#include "cpu/gemm_halves.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/gemm.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

// Where one product of the batch finds its matrices, in elements.
struct Offsets {
  int64_t a, b, c;
};

struct Matmul {
  GemmShape shape;
  Epilogue epilogue;  // without the bias pointer
  bool has_bias = false;
  int64_t result_size = 0;  // bytes of an element of C
  std::vector<Offsets> batch;

  Epilogue epilogue_of(const RunArgs& args) const {
    Epilogue e = epilogue;
    if (has_bias) e.bias = args.in[2];
    return e;
  }
};

Dim extent(const Shape& s, int from_end) { return s[s.rank() - from_end]; }

// Elements to step in `s` for each leading axis of the output; 0 along broadcast ones.
std::vector<int64_t> leading_steps(const Shape& s, const Shape& out) {
  const int lead = out.rank() - 2, own = s.rank() - 2;
  std::vector<int64_t> steps(lead, 0);
  int64_t step = extent(s, 1) * extent(s, 2);
  for (int i = own - 1; i >= 0; --i) {
    if (s[i] != 1) steps[lead - own + i] = step;
    step *= s[i];
  }
  return steps;
}

std::vector<Offsets> batch_offsets(const Shape& a, const Shape& b, const Shape& out) {
  const int lead = out.rank() - 2;
  const std::vector<int64_t> step_a = leading_steps(a, out), step_b = leading_steps(b, out);
  std::vector<Offsets> batch;
  const int64_t count = out.elements(0, lead), matrix = extent(out, 1) * extent(out, 2);
  for (int64_t i = 0; i < count; ++i) {
    Offsets at{0, 0, i * matrix};
    int64_t rest = i;
    for (int axis = lead - 1; axis >= 0; --axis) {
      at.a += rest % out[axis] * step_a[axis];
      at.b += rest % out[axis] * step_b[axis];
      rest /= out[axis];
    }
    batch.push_back(at);
  }
  return batch;
}

bool describe(const KernelRequest& r, Matmul& m, std::string& refusal) {
  const Shape &a = r.in[0].shape, &b = r.in[1].shape, &out = r.out[0].shape;
  if (!parse_activation(r.attrs.text("activation", ""), m.epilogue.activation)) {
    refusal = "activation " + r.attrs.text("activation") + " has no epilogue";
    return false;
  }
  GemmShape& s = m.shape;
  s.dtype = r.in[0].dtype;
  m.result_size = size_of(r.out[0].dtype);
  s.transpose_a = r.attrs.flag("transpose_a", false);
  s.transpose_b = r.attrs.flag("transpose_b", false);
  s.m = extent(out, 2);
  s.n = extent(out, 1);
  s.k = extent(a, s.transpose_a ? 2 : 1);
  m.has_bias = r.in.size() == 3;
  const bool one_b = b.elements(0, b.rank() - 2) == 1;
  if (one_b && !s.transpose_a) {
    s.m = out.elements(0, out.rank() - 1);
    m.batch = {{0, 0, 0}};
  } else {
    m.batch = batch_offsets(a, b, out);
  }
  return true;
}

// One product, or a batch of products that are each worth splitting over threads.
template <class G>
class OneByOne : public Kernel {
 public:
  OneByOne(Matmul m, G gemm)
      : m_(std::move(m)), gemm_(std::move(gemm)), size_(size_of(m_.shape.dtype)) {}
  size_t workspace_bytes() const override { return gemm_.workspace_bytes(); }
  void run(const RunArgs& args) const override {
    const Epilogue epilogue = m_.epilogue_of(args);
    for (const Offsets& at : m_.batch)
      gemm_.run(args.input<char>(0) + at.a * size_, args.input<char>(1) + at.b * size_,
                args.output<char>(0) + at.c * m_.result_size, epilogue, args.pool, args.workspace);
  }

 private:
  Matmul m_;
  G gemm_;
  int64_t size_;
};

// A batch of small products, shared out whole.
template <class G>
class SideBySide : public Kernel {
 public:
  SideBySide(Matmul m, G gemm)
      : m_(std::move(m)),
        gemm_(std::move(gemm)),
        size_(size_of(m_.shape.dtype)),
        slots_(global_pool().threads()),
        stride_(static_cast<int64_t>(gemm_.workspace_bytes())) {}
  size_t workspace_bytes() const override { return static_cast<size_t>(slots_ * stride_); }
  void run(const RunArgs& args) const override {
    const Epilogue epilogue = m_.epilogue_of(args);
    const int64_t count = static_cast<int64_t>(m_.batch.size());
    const int64_t chunks = std::min(count, kChunks);
    const auto body = [&](int64_t chunk, int slot) {
      for (int64_t i = chunk * count / chunks; i < (chunk + 1) * count / chunks; ++i) {
        const Offsets& at = m_.batch[i];
        gemm_.run(args.input<char>(0) + at.a * size_, args.input<char>(1) + at.b * size_,
                  args.output<char>(0) + at.c * m_.result_size, epilogue, nullptr,
                  static_cast<char*>(args.workspace) + slot * stride_);
      }
    };
    args.pool->run_chunks_in_slots(chunks, count * gemm_.cost(), slots_, body);
  }

 private:
  static constexpr int64_t kChunks = 32;
  Matmul m_;
  G gemm_;
  int64_t size_;
  int slots_;
  int64_t stride_;
};

class Reference : public Kernel {
 public:
  explicit Reference(Matmul m) : m_(std::move(m)), size_(size_of(m_.shape.dtype)) {}
  void run(const RunArgs& args) const override {
    const Epilogue epilogue = m_.epilogue_of(args);
    for (const Offsets& at : m_.batch)
      ref::gemm(m_.shape, args.input<char>(0) + at.a * size_, args.input<char>(1) + at.b * size_,
                args.output<char>(0) + at.c * m_.result_size, epilogue);
  }

 private:
  Matmul m_;
  int64_t size_;
};

std::unique_ptr<Kernel> make_reference(const KernelRequest& r, std::string& refusal) {
  Matmul m;
  if (!describe(r, m, refusal)) return nullptr;
  return std::make_unique<Reference>(std::move(m));
}

// A product of a batch that takes longer than this, in nanoseconds, is shared by all threads.
constexpr int64_t kWorthSharing = 200'000;

// On all threads or on one.
template <class G>
std::unique_ptr<Kernel> by_cost(Matmul m, G shared, G single) {
  const bool small = shared.cost() < kWorthSharing;
  if (m.batch.size() > 1 && small)
    return std::make_unique<SideBySide<G>>(std::move(m), std::move(single));
  return std::make_unique<OneByOne<G>>(std::move(m), std::move(shared));
}

std::unique_ptr<Kernel> make_gemm(const KernelRequest& r, std::string& refusal) {
  Matmul m;
  if (!describe(r, m, refusal)) return nullptr;
  if (m.shape.dtype != DType::f32 && m.shape.dtype != DType::f64) {
    refusal = "not float32 or float64";
    return nullptr;
  }
  const GemmShape shape = m.shape;
  return by_cost(std::move(m), Gemm(shape), Gemm::single_threaded(shape));
}

std::unique_ptr<Kernel> make_halves(const KernelRequest& r, std::string& refusal) {
  Matmul m;
  if (!describe(r, m, refusal)) return nullptr;
  const GemmHalves* kernels = table().gemm.halves;
  if (m.shape.dtype != DType::bf16) refusal = "not bfloat16";
  else if (!kernels) refusal = "no tile multipliers";
  else if (!HalvesGemm::worth(m.shape)) refusal = "too small";
  else {
    const GemmShape shape = m.shape;
    const DType result = r.out[0].dtype;
    return by_cost(std::move(m), HalvesGemm(shape, *kernels, global_pool().threads(), result),
                   HalvesGemm(shape, *kernels, 1, result));
  }
  return nullptr;
}

const Candidate kMatmul[] = {
    {"halves", make_halves, true}, {"gemm", make_gemm}, {"ref", make_reference}};
const OpKernels kKernels[] = {{"matmul", kMatmul}};

}  // namespace

std::span<const OpKernels> matmul_kernels() { return kKernels; }

}  // namespace kn::cpu
