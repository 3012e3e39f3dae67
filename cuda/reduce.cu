// Sums, means, extremes, products, variances and log-sum-exps over any axes. A block takes X
// neighbouring results with Y threads for each; where there are few results of many elements, those
// are cut into parts that are joined by a second kernel.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "each.h"
#include "families.h"
#include "pack.h"
#include "reduce_rules.h"
#include "reduction.h"

namespace kn::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int64_t kEnoughBlocks = 512;  // to fill a large GPU
constexpr int64_t kLeastOfPart = 2048;  // elements

template <class T, class Rule>
struct Task {
  Rule rule;
  const T* in;
  T* out;
  typename Rule::Acc* partial;  // (parts, results), where there are parts
  Strided kept, over;
  int64_t results, elements, parts;
  int side, deep;  // results and threads per result of a block
  bool side_by_side;
  bool in_a_row;  // elements of a result follow one another, and are taken in packs
  bool aligned;   // and packs can be moved as one
};

// Elements [from, to) in packs, whose order is the same whether they can be moved as one or not.
template <class T, class Rule>
__device__ typename Rule::Acc reduce_row(const Task<T, Rule>& t, const T* in, int64_t from,
                                         int64_t to, int y) {
  constexpr int kMany = Pack<T>::kMany;
  typename Rule::Acc acc = t.rule.none();
  const int64_t whole = to - (to - from) % kMany;
#pragma unroll 2
  for (int64_t k = from + y * kMany; k < whole; k += t.deep * kMany) {
    Pack<T> x;
    if (t.aligned) x = load_pack(in + k);
    else
      for (int i = 0; i < kMany; ++i) x.v[i] = in[k + i];
    for (int i = 0; i < kMany; ++i) acc = t.rule.with(acc, x.v[i]);
  }
  for (int64_t k = whole + y; k < to; k += t.deep) acc = t.rule.with(acc, in[k]);
  return acc;
}

// Every `deep`th element along one axis.
template <class T, class Rule>
__device__ typename Rule::Acc reduce_line(const Task<T, Rule>& t, const T* in, int64_t from,
                                          int64_t to) {
  typename Rule::Acc acc = t.rule.none();
  const int64_t stride = t.over.stride[0];
  in += t.over.base;
#pragma unroll 4
  for (int64_t k = from; k < to; k += t.deep) acc = t.rule.with(acc, in[k * stride]);
  return acc;
}

template <class T, class Rule>
__global__ void __launch_bounds__(kThreads) reduce_kernel(const __grid_constant__ Task<T, Rule> t) {
  using Acc = typename Rule::Acc;
  __shared__ Acc shared[kThreads];
  const int thread = static_cast<int>(threadIdx.x);
  const int x = t.side_by_side ? thread % t.side : thread / t.deep;
  const int y = t.side_by_side ? thread / t.side : thread % t.deep;
  const int step = t.side_by_side ? t.side : 1;
  const int64_t result = static_cast<int64_t>(blockIdx.x) * t.side + x;
  const int64_t unit = t.in_a_row ? Pack<T>::kMany : 1, units = t.elements / unit;
  const int64_t from = units * blockIdx.y / t.parts * unit;
  const bool last = blockIdx.y + 1 == t.parts;
  const int64_t to = last ? t.elements : units * (blockIdx.y + 1) / t.parts * unit;
  Acc acc = t.rule.none();
  if (result < t.results) {
    const T* in = t.in + t.kept(result);
    if (t.in_a_row) acc = reduce_row(t, in, from, to, y);
    else if (t.over.rank == 1) acc = reduce_line(t, in, from + y, to);
    else
      for (int64_t k = from + y; k < to; k += t.deep) acc = t.rule.with(acc, in[t.over(k)]);
  }
  shared[thread] = acc;
  for (int half = t.deep / 2; half > 0; half /= 2) {
    __syncthreads();
    if (y < half) shared[thread] = t.rule.join(shared[thread], shared[thread + half * step]);
  }
  if (y != 0 || result >= t.results) return;
  if (t.parts == 1) t.out[result] = t.rule.result(shared[thread], t.elements);
  else t.partial[blockIdx.y * t.results + result] = shared[thread];
}

// A warp for each result.
template <class T, class Rule>
struct JoinParts {
  Task<T, Rule> t;
  __device__ void operator()(int64_t result, int lane) const {
    using Acc = typename Rule::Acc;
    Acc acc = t.rule.none();
    for (int64_t part = lane; part < t.parts; part += kWarp)
      acc = t.rule.join(acc, t.partial[part * t.results + result]);
    for (int offset = kWarp / 2; offset > 0; offset /= 2) {
      const Acc other = from_lane(acc, lane ^ offset);
      // The lower lane's comes first, in both.
      acc = lane & offset ? t.rule.join(other, acc) : t.rule.join(acc, other);
    }
    if (lane == 0) t.out[result] = t.rule.result(acc, t.elements);
  }
};

// Threads for each result: one per few elements, a power of two.
int threads_per_result(int64_t elements) {
  int threads = 1;
  while (threads < kThreads && threads * 8 < elements) threads *= 2;
  return threads;
}

// Whether every result's first element is at a multiple of `many`.
bool starts_together(const Strided& kept, int many) {
  for (int i = 0; i < kept.rank; ++i)
    if (kept.stride[i] % many) return false;
  return kept.base % many == 0;
}

}  // namespace

ReduceKind reduce_kind(std::string_view op) {
  if (op == "mean") return ReduceKind::mean;
  if (op == "max" || op == "any") return ReduceKind::max;
  if (op == "min" || op == "all") return ReduceKind::min;
  if (op == "prod") return ReduceKind::prod;
  if (op == "var") return ReduceKind::var;
  if (op == "std") return ReduceKind::std;
  if (op == "logsumexp") return ReduceKind::logsumexp;
  return ReduceKind::sum;
}

Reduction::Reduction(ReduceKind kind, DType dtype, const Strided& kept, const Strided& over)
    : kind_(kind),
      dtype_(dtype),
      kept_(kept),
      over_(over),
      results_(kept.count()),
      elements_(over.count()),
      side_by_side_(kept.rank > 0 && kept.stride[kept.rank - 1] == 1 &&
                    kept.extent[kept.rank - 1] >= kWarp),
      in_a_row_(!side_by_side_ && over.rank == 1 && over.stride[0] == 1 && over.base == 0) {
  const int side = kThreads / threads_per_result(elements_);
  const int64_t blocks = (results_ + side - 1) / side;
  parts_ = std::clamp<int64_t>(kEnoughBlocks / std::max<int64_t>(blocks, 1), 1,
                               std::max<int64_t>(elements_ / kLeastOfPart, 1));
}

// Room for the largest accumulator.
size_t Reduction::workspace_bytes() const {
  return parts_ == 1 ? 0 : static_cast<size_t>(parts_ * results_) * 3 * sizeof(double);
}

namespace {

template <class T, class Rule>
void launch_reduction(const RunArgs& args, const Task<T, Rule>& t) {
  if (t.results == 0) return;
  const auto blocks = static_cast<unsigned>((t.results + t.side - 1) / t.side);
  launch(reduce_kernel<T, Rule>, dim3(blocks, static_cast<unsigned>(t.parts)), dim3(kThreads), 0,
         stream_of(args), t);
  if (t.parts > 1) each_by_warp(args, t.results, JoinParts<T, Rule>{t});
}

}  // namespace

template <class T>
void Reduction::run_as(const RunArgs& args, const void* in, void* out, void* workspace) const {
  const auto with = [&](auto rule) {
    using Rule = decltype(rule);
    Task<T, Rule> t{rule,
                    static_cast<const T*>(in),
                    static_cast<T*>(out),
                    nullptr,
                    kept_,
                    over_,
                    results_,
                    elements_,
                    parts_,
                    0,
                    0,
                    false,
                    false,
                    false};
    t.partial = static_cast<typename Rule::Acc*>(workspace);
    t.deep = threads_per_result(elements_);
    t.side = kThreads / t.deep;
    t.side_by_side = side_by_side_;
    t.in_a_row = in_a_row_ && elements_ >= Pack<T>::kMany;
    t.aligned = in_packs(in) && starts_together(kept_, Pack<T>::kMany);
    launch_reduction(args, t);
  };
  using Limits = std::numeric_limits<T>;
  const T low = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  const T high = Limits::has_infinity ? Limits::infinity() : Limits::max();
  switch (kind_) {
    case ReduceKind::sum: return with(SumRule<T>{false});
    case ReduceKind::mean: return with(SumRule<T>{true});
    case ReduceKind::max: return with(ExtremeRule<T>{true, low});
    case ReduceKind::min: return with(ExtremeRule<T>{false, high});
    case ReduceKind::prod: return with(ProductRule<T>{});
    default: break;
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (kind_ == ReduceKind::logsumexp) with(LogSumExpRule<T>{});
    else with(MomentsRule<T>{kind_ == ReduceKind::std});
  }
}

void Reduction::run(const RunArgs& args, const void* in, void* out, void* workspace) const {
  switch (dtype_) {
    case DType::f32: return run_as<float>(args, in, out, workspace);
    case DType::f64: return run_as<double>(args, in, out, workspace);
    case DType::i32: return run_as<int32_t>(args, in, out, workspace);
    case DType::i64: return run_as<int64_t>(args, in, out, workspace);
    case DType::b8: return run_as<bool>(args, in, out, workspace);
    default: return run_as<uint8_t>(args, in, out, workspace);
  }
}

namespace {

class Reduce : public Kernel {
 public:
  explicit Reduce(Reduction reduction) : reduction_(reduction) {}
  size_t workspace_bytes() const override { return reduction_.workspace_bytes(); }
  void run(const RunArgs& args) const override {
    reduction_.run(args, args.in[0], args.out[0], args.workspace);
  }

 private:
  Reduction reduction_;
};

std::unique_ptr<Kernel> make_reduce(const KernelRequest& r, std::string& refusal) {
  const DType dtype = r.in[0].dtype;
  if (dtype == DType::f16 || dtype == DType::bf16) {
    refusal = "float16 and bfloat16 are not computed on";
    return nullptr;
  }
  const Shape& x = r.in[0].shape;
  const AxisSet axes = r.op == "sum_like" ? broadcast_axes(x, r.out[0].shape)
                                          : reduced_axes(r.attrs, x.rank(), r.op);
  return std::make_unique<Reduce>(
      Reduction(reduce_kind(r.op), dtype, walk_axes(x, axes, false), walk_axes(x, axes, true)));
}

// x with some axes repeated in blocks or element by element: the copies are added.
std::unique_ptr<Kernel> make_copies_sum(const KernelRequest& r, std::string& refusal) {
  const DType dtype = r.in[0].dtype;
  if (dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::b8) {
    refusal = "sums of " + std::string(name_of(dtype)) + " are not computed";
    return nullptr;
  }
  const Shape &x = r.in[0].shape, &out = r.out[0].shape;
  const auto strides = strides_of(x);
  Strided kept, over;
  for (int i = 0; i < x.rank(); ++i) {
    const Dim copies = out[i] ? x[i] / out[i] : 0;
    if (r.op == "tile_sum") {
      kept.push(out[i], strides[i]);
      over.push(copies, out[i] * strides[i]);
    } else {
      kept.push(out[i], copies * strides[i]);
      over.push(copies, strides[i]);
    }
  }
  return std::make_unique<Reduce>(Reduction(ReduceKind::sum, dtype, kept, over));
}

const Candidate kReduce[] = {{"blocks", make_reduce}};
const Candidate kCopiesSum[] = {{"blocks", make_copies_sum}};

const OpKernels kKernels[] = {
    {"sum", kReduce},           {"mean", kReduce},     {"max", kReduce},
    {"min", kReduce},           {"prod", kReduce},     {"var", kReduce},
    {"std", kReduce},           {"any", kReduce},      {"all", kReduce},
    {"logsumexp", kReduce},     {"sum_like", kReduce}, {"tile_sum", kCopiesSum},
    {"repeat_sum", kCopiesSum},
};

}  // namespace

std::span<const OpKernels> reduce_kernels() { return kKernels; }

}  // namespace kn::cuda
