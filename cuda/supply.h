// How stretches of both operands get into shared memory, by asynchronous copies. A layout says
// which place there each element has (Stretch of tensor_stretch.h, Columns of gemm_tile.h).
#pragma once

#include <utility>

#include "product.h"
#include "tensor_core.h"

namespace kn::cuda {

// What a thread carries of an operand into its stretches: runs of the same lines every time, so
// that what is known of a line (the position it stands for) is found once.
template <class S, int kThreads, class Line>
class Carrier {
 public:
  using Factor = typename S::Factor;

  // line_of(i) for lines below `lines`.
  template <class F>
  __device__ void begin(int64_t lines, const F& line_of) {
    lines_ = lines < S::kLines ? static_cast<int>(lines) : S::kLines;
#pragma unroll
    for (int h = 0; h < kHeld; ++h) {
      const int line = S::run_line(run(h));
      line_[h] = line < lines_ ? line_of(line) : Line{};
    }
  }

  // Begins to load a stretch of which `depth` steps are there; zeros elsewhere.
  template <class F, class G>
  __device__ void load_runs(Factor* to, int depth, const F& deep_of, const G& meet) const {
    using Deep = decltype(deep_of(0));
#pragma unroll
    for (int d = 0; d < kRuns; d += kHeld) {
      const int deep = S::run_deep(run(d));
      const Deep at = deep < depth ? deep_of(deep) : Deep{};
#pragma unroll
      for (int h = 0; h < kHeld; ++h) {
        const int line = S::run_line(run(h));
        put(to, line, deep,
            line < lines_ && deep < depth ? meet(line_[h], at) : Element<Factor>{nullptr});
      }
    }
  }

  // f(run) for all runs that this thread brought to a stretch, once they are there.
  template <class F>
  __device__ void visit(Factor* to, const F& f) const {
#pragma unroll
    for (int i = 0; i < kRuns; ++i) f(to + S::at(S::run_line(run(i)), S::run_deep(run(i))));
  }

  // The same element by element, where runs do not lie at multiples of 16 bytes.
  template <class L, class F, class G>
  __device__ void load_singles(Factor* to, int depth, const L& line_of, const F& deep_of,
                               const G& meet) const {
#pragma unroll 1
    for (int e = static_cast<int>(threadIdx.x); e < S::kElements; e += kThreads) {
      const int line = S::kAlongK ? e / S::kRow : e % S::kRow;
      const int deep = S::kAlongK ? e % S::kRow : e / S::kRow;
      put_one(to + S::at(line, deep), line < lines_ && deep < depth
                                          ? meet(line_of(line), deep_of(deep))
                                          : Element<Factor>{nullptr});
    }
  }

 private:
  struct alignas(16) Run {
    Factor of[S::kWide];
  };
  static constexpr int kRuns = S::kElements / S::kWide / kThreads;
  static constexpr int kHeld = S::kPeriod > kThreads ? S::kPeriod / kThreads : 1;
  static_assert((kThreads % S::kPeriod == 0 || S::kPeriod % kThreads == 0) && kRuns >= 1);

  __device__ static int run(int i) { return static_cast<int>(threadIdx.x) + i * kThreads; }

  // What follows a one in its run lies beyond the product; runs along k have none.
  __device__ static void put(Factor* to, int line, int deep, const Element<Factor>& found) {
    if constexpr (S::kScattered) {
      scatter_later_or_clear<sizeof(Factor), S::kStep * sizeof(Factor)>(to + S::at(line, deep),
                                                                        found.at);
    } else if (found.one) {
      Run run{};
      run.of[0] = found.get();
      *reinterpret_cast<Run*>(to + S::at(line, deep)) = run;
    } else {
      copy_later_or_clear(to + S::at(line, deep), found.at);
    }
  }

  __device__ static void put_one(Factor* place, const Element<Factor>& found) {
    if constexpr (sizeof(Factor) >= 4) {
      if (found.at) {
        copy_later<sizeof(Factor)>(place, found.at);
        return;
      }
    }
    *place = found.get();
  }

  Line line_[kHeld];
  int lines_ = 0;
};

// Both operands of a block's tile, in kStages stretches of shared memory. Parts of k begin where
// stretches do.
template <class A, class B, int kThreads, int kStages, class Operands>
class Supply {
 public:
  using Factor = typename Operands::Factor;
  static constexpr int kDeep = A::kDeep;
  static constexpr size_t kBytes = size_t{kStages} * (A::kRoom + B::kRoom) * sizeof(Factor);

  __device__ Supply(const ProductTask<Operands>& task, int64_t z, const Corner& corner)
      : task_(task),
        corner_(corner),
        shared_(dynamic_shared<Factor>()),
        a_base_(task.product.operands.a_base(z)),
        b_base_(task.product.operands.b_base(z)) {
    const Product<Operands>& p = task.product;
    const Operands& o = p.operands;
    const int64_t all = (p.size.k + kDeep - 1) / kDeep;
    first_ = static_cast<int>(all * blockIdx.z / p.parts);
    stretches = static_cast<int>(all * (blockIdx.z + 1) / p.parts) - first_;
    a_.begin(p.size.m - corner.row, [&](int i) { return o.a_line(a_base_, corner.row + i); });
    b_.begin(p.size.n - corner.column, [&](int j) { return o.b_line(b_base_, corner.column + j); });
  }

  // Begins to load a stretch, if there is one of that number; it is a group of copies either way.
  __device__ void bring(int number) const {
    if (number < stretches) load(number);
    close_copies();
  }

  __device__ Factor* a(int number) const {
    return shared_ + number % kStages * (A::kRoom + B::kRoom);
  }
  __device__ Factor* b(int number) const { return a(number) + A::kRoom; }
  // All of it, for whoever is done with the stretches.
  template <class Sum>
  __device__ Sum* sums() const {
    return reinterpret_cast<Sum*>(shared_);
  }

  int stretches;

 private:
  __device__ void load(int number) const {
    const Operands& o = task_.product.operands;
    const int64_t k = (int64_t{first_} + number) * kDeep, left = task_.product.size.k - k;
    const int depth = left < kDeep ? static_cast<int>(left) : kDeep;
    const auto a_deep = [&](int deep) { return o.a_deep(k + deep); };
    const auto b_deep = [&](int deep) { return o.b_deep(k + deep); };
    const auto meet_a = [&](const auto& line, const auto& deep) { return o.a(line, deep); };
    const auto meet_b = [&](const auto& line, const auto& deep) { return o.b(line, deep); };
    if (task_.a_in_runs) {
      a_.load_runs(a(number), depth, a_deep, meet_a);
    } else {
      const auto line = [&](int i) { return o.a_line(a_base_, corner_.row + i); };
      a_.load_singles(a(number), depth, line, a_deep, meet_a);
    }
    if (task_.b_in_runs) {
      b_.load_runs(b(number), depth, b_deep, meet_b);
    } else {
      const auto line = [&](int j) { return o.b_line(b_base_, corner_.column + j); };
      b_.load_singles(b(number), depth, line, b_deep, meet_b);
    }
  }

  const ProductTask<Operands>& task_;
  Corner corner_;
  int first_;
  Factor* shared_;
  decltype(std::declval<const Operands&>().a_base(0)) a_base_;
  decltype(std::declval<const Operands&>().b_base(0)) b_base_;
  Carrier<A, kThreads, typename Operands::ALine> a_;
  Carrier<B, kThreads, typename Operands::BLine> b_;
};

}  // namespace kn::cuda
