// What follows a product on tensor cores: where a block's tile lies, how its sums leave shared
// memory, and how those of several parts of k are joined.
#pragma once

#include "gemm_tile.h"

namespace kn::cuda {

struct Corner {
  int64_t row, column;
};

// Blocks go down eight tiles before they go to the next column of them: those that run at once
// share what they read of both operands.
template <int kM, int kN>
__device__ Corner corner_of(unsigned block, const ProductSize& s) {
  constexpr unsigned kDown = 8;
  const auto rows = static_cast<unsigned>((s.m + kM - 1) / kM);
  const auto columns = static_cast<unsigned>((s.n + kN - 1) / kN);
  const unsigned first = block / (kDown * columns) * kDown, rest = block % (kDown * columns);
  const unsigned down = rows - first < kDown ? rows - first : kDown;
  return {int64_t{first + rest % down} * kM, int64_t{rest / down} * kN};
}

// The kM x kN sums, in rows of kStep, by kThreads threads.
template <int kM, int kN, int kStep, int kThreads, class Operands>
__device__ void store_tile(const Product<float, Operands>& p, bool in_fours, int64_t z,
                           int64_t part, int64_t row, int64_t column, int thread,
                           const float* sums) {
  if (!in_fours) {
    for (int e = thread; e < kM * kN; e += kThreads) {
      const int i = e / kN, j = e % kN;
      if (row + i < p.size.m && column + j < p.size.n)
        p.store(z, part, row + i, column + j, sums[i * kStep + j]);
    }
    return;
  }
  for (int e = thread; e < kM * kN / 4; e += kThreads) {
    const int i = e / (kN / 4), j = e % (kN / 4) * 4;
    if (row + i >= p.size.m || column + j >= p.size.n) continue;
    const auto four = *reinterpret_cast<const FourOf<float>*>(sums + i * kStep + j);
    if (p.parts == 1) p.operands.store_four(z, row + i, column + j, four.of);
    else *reinterpret_cast<FourOf<float>*>(p.partial_at(z, part, row + i, column + j)) = four;
  }
}

template <class Operands>
struct AddFours {
  Product<float, Operands> p;
  __device__ void operator()(int64_t v) const {
    const int64_t all = p.size.batch * p.size.m * p.size.n, e = 4 * v;
    FourOf<float> sum = *reinterpret_cast<const FourOf<float>*>(p.partial + e);
    for (int64_t part = 1; part < p.parts; ++part) {
      const auto next = *reinterpret_cast<const FourOf<float>*>(p.partial + part * all + e);
#pragma unroll
      for (int i = 0; i < 4; ++i) sum.of[i] += next.of[i];
    }
    const int64_t j = e % p.size.n, i = e / p.size.n;
    p.operands.store_four(i / p.size.m, i % p.size.m, j, sum.of);
  }
};

template <class Operands>
void join_parts(const RunArgs& args, const Product<float, Operands>& p, bool in_fours) {
  const int64_t all = p.size.batch * p.size.m * p.size.n;
  if (in_fours) each(args, all / 4, AddFours<Operands>{p});
  else each(args, all, AddParts<float, Operands>{p});
}

}  // namespace kn::cuda
