// The gradient to a bias, next to that to the weights: attribute `bias`, output 1.
#pragma once

#include "cpu/conv.h"
#include "cpu/conv_tiles.h"
#include "runtime/kernel.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

inline bool wants_bias(const KernelRequest& r) { return r.attrs.flag("bias", false); }

// sum (columns) = or += the rows of dy (count, columns), which are `step` elements apart: a product
// with a row of ones, so that sums stay in registers.
template <class T>
void sum_rows(const ConvKernels<T>& kernels, const T* dy, Dim count, Dim columns, Dim step, T* sum,
              bool accumulate) {
  const T one = 1;
  const Dim width = 2 * kernels.lanes;
  ConvPile pile{};
  pile.run_count = 1;
  pile.b_step = step;
  pile.accumulate = accumulate;
  for (Dim from = 0; from < columns; from += width) {
    pile.c = sum + from;
    ConvRun run{&one, dy + from, count};
    run_tiles(kernels, pile, &run, Dim{1}, std::min(width, columns - from));
  }
}

// The gradient to a bias by all threads: parts of the rows of dy (rows, filters) have a sum each,
// added in order.
template <class T>
class BiasSum {
 public:
  BiasSum(Dim rows, Dim filters) : rows_(rows), filters_(filters) {}

  size_t workspace_bytes() const { return aligned(sizeof(T) * (kParts - 1) * filters_); }

  void run(const RunArgs& args, void* workspace) const {
    const ConvKernels<T>& kernels = conv_kernels_of<T>();
    T* bias = args.output<T>(1);
    T* more = static_cast<T*>(workspace);
    const auto sum = [&](Dim i) { return i == 0 ? bias : more + (i - 1) * filters_; };
    args.pool->parallel_for(kParts, 1, rows_ * filters_ / 8, [&](int64_t from, int64_t to) {
      for (Dim i = from; i < to; ++i) {
        const Dim first = rows_ * i / kParts, last = rows_ * (i + 1) / kParts;
        sum_rows(kernels, args.input<T>(1) + first * filters_, last - first, filters_, filters_,
                 sum(i), false);
      }
    });
    for (Dim i = 1; i < kParts; ++i) kernels.add(filters_, sum(i), bias);
  }

 private:
  static constexpr Dim kParts = 8;

  Dim rows_, filters_;
};

}  // namespace kn::cpu
