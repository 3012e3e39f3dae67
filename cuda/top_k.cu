// The largest elements of each row, by one warp per row: every round finds the element that comes
// next after the one found before, so nothing has to be marked or sorted.
#include "each.h"
#include "families.h"
#include "index_input.h"

namespace kn::cuda {

namespace {

// NaN first, then falling; equal ones in their order.
template <class T>
__device__ bool before(T a, int64_t i, T b, int64_t k) {
  const bool a_nan = a != a, b_nan = b != b;
  if (a_nan || b_nan) return a_nan && (!b_nan || i < k);
  return a > b || (a == b && i < k);
}

template <class T>
struct Select {
  const T* x;
  T* values;
  int32_t* indices;
  int64_t n, k;

  __device__ void operator()(int64_t row, int lane) const {
    const T* at = x + row * n;
    int64_t last = -1;
    for (int64_t round = 0; round < k; ++round) {
      int64_t best = -1;
      for (int64_t i = lane; i < n; i += kWarp) {
        if (last >= 0 && !before(at[last], last, at[i], i)) continue;
        if (best < 0 || before(at[i], i, at[best], best)) best = i;
      }
      for (int offset = kWarp / 2; offset > 0; offset /= 2) {
        const int64_t other = __shfl_xor_sync(kFullMask, best, offset);
        if (other >= 0 && (best < 0 || before(at[other], other, at[best], best))) best = other;
      }
      last = best;
      if (lane != 0) continue;
      values[row * k + round] = at[best];
      indices[row * k + round] = static_cast<int32_t>(best);
    }
  }
};

template <class T>
struct CountLarger {
  const T* x;
  IndexInput targets;
  bool* out;
  int64_t n, k;

  __device__ void operator()(int64_t row, int lane) const {
    const T* at = x + row * n;
    const int64_t target = targets[row];
    const bool inside = target >= 0 && target < n;
    int64_t larger = 0, bad = 0;
    for (int64_t i = lane; inside && i < n; i += kWarp) {
      const auto v = static_cast<double>(at[i]);
      if (v - v != 0) ++bad;
      else if (at[i] > at[target]) ++larger;
    }
    larger = join_lanes(larger, Add());
    bad = join_lanes(bad, Add());
    if (lane == 0) out[row] = inside && bad == 0 && larger < k;
  }
};

template <class T>
class TopK : public Kernel {
 public:
  explicit TopK(const KernelRequest& r)
      : n_(r.in[0].shape.back()),
        k_(r.out[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)) {}
  void run(const RunArgs& args) const override {
    each_by_warp(args, rows_,
                 Select<T>{args.input<T>(0), args.output<T>(0), args.output<int32_t>(1), n_, k_});
  }

 private:
  int64_t n_, k_, rows_;
};

template <class T>
class InTopK : public Kernel {
 public:
  explicit InTopK(const KernelRequest& r)
      : rows_(r.in[0].shape[0]),
        n_(r.in[0].shape[1]),
        k_(r.attrs.integer("k")),
        index_(r.in[1].dtype) {}
  void run(const RunArgs& args) const override {
    each_by_warp(
        args, rows_,
        CountLarger<T>{args.input<T>(0), {args.in[1], index_}, args.output<bool>(0), n_, k_});
  }

 private:
  int64_t rows_, n_, k_;
  DType index_;
};

template <template <class> class K>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f16 || r.in[0].dtype == DType::bf16) {
    refusal = "numbers of " + std::string(name_of(r.in[0].dtype)) + " are not compared";
    return nullptr;
  }
  return dispatch(r.in[0].dtype, [&](auto zero) -> std::unique_ptr<Kernel> {
    return std::make_unique<K<decltype(zero)>>(r);
  });
}

const Candidate kTopK[] = {{"warps", make<TopK>}};
const Candidate kInTopK[] = {{"warps", make<InTopK>}};
const OpKernels kKernels[] = {{"top_k", kTopK}, {"in_top_k", kInTopK}};

}  // namespace

std::span<const OpKernels> top_k_kernels() { return kKernels; }

}  // namespace kn::cuda
