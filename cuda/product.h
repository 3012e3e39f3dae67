// The product of two matrices that are only known by their elements: what dense products and all
// three passes of convolution share, however the factors are multiplied (gemm_tile.h,
// tensor_tile.h, hopper_tile.h). Where a block's tile lies, how its sums leave shared memory, and
// how those of several parts of k are joined.
//
// An Operands type of factors `Factor`, summed in `Sum`, offers for batch z:
//   a_base(z), a_line(base, i), a_deep(k) what is known of a matrix, of a row, and of a step of k
//   Element<Factor> a(line, deep) where they meet; within the extents only. So for columns of B.
//   kAAlongK, kBAlongK whether neighbours along k lie side by side in memory
//   kLooksUp whether a place takes long to find
//   void store(z, i, j, Sum sum)  where the result goes, with what is fused to it
//   void store_four(z, i, j, const Sum (&sum)[4])
// and on the host:
//   bool a_in_runs(), b_in_runs() whether 16 bytes of neighbours can be read at once
//   bool c_in_fours()             whether four of the result can be stored at once
#pragma once

#include "each.h"
#include "halves.h"
#include "product_size.h"

namespace kn::cuda {

// An element in memory, or one that is nowhere: in the padding.
template <class T>
struct Element {
  const T* at;
  bool one = false;  // where it is nowhere: 1 instead of 0
  __device__ T get() const {
    if (at) return *at;
    return one ? narrow<T>(1) : T{};
  }
};

template <class Operands>
struct Product {
  using Sum = typename Operands::Sum;
  ProductSize size;
  int64_t parts;  // of k
  Sum* partial;   // sums (parts, batch, m, n), where there are several
  Operands operands;

  __device__ void store(int64_t z, int64_t part, int64_t i, int64_t j, Sum sum) const {
    if (parts == 1) operands.store(z, i, j, sum);
    else *partial_at(z, part, i, j) = sum;
  }
  __device__ Sum* partial_at(int64_t z, int64_t part, int64_t i, int64_t j) const {
    return partial + ((part * size.batch + z) * size.m + i) * size.n + j;
  }
};

// A product as a kernel gets it, its partial sums in the workspace.
template <class Operands>
struct ProductTask {
  Product<Operands> product;
  bool a_in_runs, b_in_runs, c_in_fours;

  ProductTask(const RunArgs& args, const ProductSize& size, int64_t parts, const Operands& o)
      : product{size, parts, static_cast<typename Operands::Sum*>(args.workspace), o},
        a_in_runs(o.a_in_runs()),
        b_in_runs(o.b_in_runs()),
        c_in_fours(o.c_in_fours()) {}
};

// Whether 16 bytes from here on can be copied at once.
inline bool at_run(const void* at) { return reinterpret_cast<uintptr_t>(at) % 16 == 0; }

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

// A block for every tile, matrix and part of k.
template <class Tile, class Operands>
void launch_tiles(const RunArgs& args, void (*kernel)(ProductTask<Operands>), size_t shared_bytes,
                  const ProductTask<Operands>& task) {
  constexpr int64_t kMostBatch = 65535;  // blocks along y
  const ProductSize& s = task.product.size;
  const int64_t tiles = (s.m + Tile::kM - 1) / Tile::kM * ((s.n + Tile::kN - 1) / Tile::kN);
  allow_shared(kernel, shared_bytes);
  launch(kernel,
         dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(std::min(s.batch, kMostBatch)),
              static_cast<unsigned>(task.product.parts)),
         dim3(Tile::kThreads), shared_bytes, stream_of(args), task);
}

// The kM x kN sums, in rows of kStep, by kThreads threads.
template <int kM, int kN, int kStep, int kThreads, class Operands>
__device__ void store_tile(const Product<Operands>& p, bool in_fours, int64_t z, int64_t part,
                           int64_t row, int64_t column, int thread,
                           const typename Operands::Sum* sums) {
  using Four = FourOf<typename Operands::Sum>;
  if (!in_fours) {
#pragma unroll 1
    for (int e = thread; e < kM * kN; e += kThreads) {
      const int i = e / kN, j = e % kN;
      if (row + i < p.size.m && column + j < p.size.n)
        p.store(z, part, row + i, column + j, sums[i * kStep + j]);
    }
    return;
  }
#pragma unroll 1
  for (int e = thread; e < kM * kN / 4; e += kThreads) {
    const int i = e / (kN / 4), j = e % (kN / 4) * 4;
    if (row + i >= p.size.m || column + j >= p.size.n) continue;
    const auto four = *reinterpret_cast<const Four*>(sums + i * kStep + j);
    if (p.parts == 1) p.operands.store_four(z, row + i, column + j, four.of);
    else *reinterpret_cast<Four*>(p.partial_at(z, part, row + i, column + j)) = four;
  }
}

template <class Operands>
struct AddParts {
  Product<Operands> p;
  __device__ void operator()(int64_t e) const {
    const int64_t all = p.size.batch * p.size.m * p.size.n;
    auto sum = p.partial[e];
    for (int64_t part = 1; part < p.parts; ++part) sum += p.partial[part * all + e];
    const int64_t j = e % p.size.n, i = e / p.size.n;
    p.operands.store(i / p.size.m, i % p.size.m, j, sum);
  }
};

template <class Operands>
struct AddFours {
  using Four = FourOf<typename Operands::Sum>;
  Product<Operands> p;
  __device__ void operator()(int64_t v) const {
    const int64_t all = p.size.batch * p.size.m * p.size.n, e = 4 * v;
    Four sum = *reinterpret_cast<const Four*>(p.partial + e);
    for (int64_t part = 1; part < p.parts; ++part) {
      const auto next = *reinterpret_cast<const Four*>(p.partial + part * all + e);
#pragma unroll
      for (int i = 0; i < 4; ++i) sum.of[i] += next.of[i];
    }
    const int64_t j = e % p.size.n, i = e / p.size.n;
    p.operands.store_four(i / p.size.m, i % p.size.m, j, sum.of);
  }
};

// Where k was cut, in the order of its parts.
template <class Operands>
void join_parts(const RunArgs& args, const Product<Operands>& p, bool in_fours) {
  if (p.parts == 1) return;
  const int64_t all = p.size.batch * p.size.m * p.size.n;
  if (in_fours) each(args, all / 4, AddFours<Operands>{p});
  else each(args, all, AddParts<Operands>{p});
}

}  // namespace kn::cuda
