// The product of two matrices that are only known by their elements: what dense products and all
// three passes of convolution share. A block computes a tile of 64 x 64, each thread 4 x 4 of it,
// from stretches of 16 steps of k in shared memory. Where the product is long and narrow, k is cut
// into parts, whose sums are added in order by a second kernel.
//
// An Operands type of factors `Factor` offers, for batch z:
//   a_base(z), a_line(base, i), a_deep(k) what is known of a matrix, of a row, and of a step of k
//   Element<Factor> a(line, deep) where they meet; within the extents only. So for columns of B.
//   bool a_along_k(), b_along_k() whether neighbours along k lie side by side in memory
//   void store(z, i, j, Sum sum)  where the result goes, with what is fused to it
// and for tensor cores (tensor_tile.h), on the host:
//   bool a_in_runs(), b_in_runs() whether 16 bytes of neighbours can be read at once
//   bool c_in_fours()             whether four of the result can be stored at once, by
//   void store_four(z, i, j, const float (&sum)[4])
#pragma once

#include <algorithm>

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

inline constexpr int kTile = 64, kDeep = 16, kTileThreads = 256, kPerThread = 4;

template <class T, class Operands>
struct Product {
  ProductSize size;
  int64_t parts;  // of k
  T* partial;     // sums (parts, batch, m, n), where there are several
  Operands operands;

  __device__ void store(int64_t z, int64_t part, int64_t i, int64_t j, T sum) const {
    if (parts == 1) operands.store(z, i, j, sum);
    else *partial_at(z, part, i, j) = sum;
  }
  __device__ T* partial_at(int64_t z, int64_t part, int64_t i, int64_t j) const {
    return partial + ((part * size.batch + z) * size.m + i) * size.n + j;
  }
};

// Loads a stretch of A (64 x 16) and B (16 x 64); zeros outside.
template <class T, class Operands>
__device__ void load_tiles(const Product<T, Operands>& p, int64_t z, int64_t row, int64_t column,
                           int64_t k, int64_t k_end, T (&a)[kDeep][kTile + 1],
                           T (&b)[kDeep][kTile + 1]) {
  const int thread = static_cast<int>(threadIdx.x);
  const Operands& o = p.operands;
  const auto a_base = o.a_base(z);
  const auto b_base = o.b_base(z);
  const bool a_first = o.a_along_k(), b_first = o.b_along_k();
  for (int e = thread; e < kTile * kDeep; e += kTileThreads) {
    const int deep = a_first ? e % kDeep : e / kTile, i = a_first ? e / kDeep : e % kTile;
    const bool inside = row + i < p.size.m && k + deep < k_end;
    a[deep][i] = inside ? o.a(o.a_line(a_base, row + i), o.a_deep(k + deep)).get() : T{};
  }
  for (int e = thread; e < kTile * kDeep; e += kTileThreads) {
    const int deep = b_first ? e % kDeep : e / kTile, j = b_first ? e / kDeep : e % kTile;
    const bool inside = column + j < p.size.n && k + deep < k_end;
    b[deep][j] = inside ? o.b(o.b_line(b_base, column + j), o.b_deep(k + deep)).get() : T{};
  }
}

template <class T, class Operands>
__global__ void __launch_bounds__(kTileThreads)
    product_kernel(const __grid_constant__ Product<T, Operands> p) {
  __shared__ T a[kDeep][kTile + 1], b[kDeep][kTile + 1];
  const int64_t columns = (p.size.n + kTile - 1) / kTile;
  const int64_t row = static_cast<int64_t>(blockIdx.x) / columns * kTile;
  const int64_t column = static_cast<int64_t>(blockIdx.x) % columns * kTile;
  const int64_t part = blockIdx.z;
  const int64_t k_begin = p.size.k * part / p.parts, k_end = p.size.k * (part + 1) / p.parts;
  // Rows and columns of a thread are 16 apart, so that neighbours read neighbours.
  const int x = static_cast<int>(threadIdx.x) % 16, y = static_cast<int>(threadIdx.x) / 16;
  for (int64_t z = blockIdx.y; z < p.size.batch; z += gridDim.y) {
    T sum[kPerThread][kPerThread] = {};
    for (int64_t k = k_begin; k < k_end; k += kDeep) {
      load_tiles(p, z, row, column, k, k_end, a, b);
      __syncthreads();
      for (int deep = 0; deep < kDeep; ++deep) {
        T left[kPerThread], right[kPerThread];
        for (int i = 0; i < kPerThread; ++i) left[i] = a[deep][y + 16 * i];
        for (int j = 0; j < kPerThread; ++j) right[j] = b[deep][x + 16 * j];
        for (int i = 0; i < kPerThread; ++i)
          for (int j = 0; j < kPerThread; ++j) sum[i][j] += left[i] * right[j];
      }
      __syncthreads();
    }
    for (int i = 0; i < kPerThread; ++i)
      for (int j = 0; j < kPerThread; ++j) {
        const int64_t at_row = row + y + 16 * i, at_column = column + x + 16 * j;
        if (at_row < p.size.m && at_column < p.size.n)
          p.store(z, part, at_row, at_column, sum[i][j]);
      }
  }
}

template <class T, class Operands>
struct AddParts {
  Product<T, Operands> p;
  __device__ void operator()(int64_t e) const {
    const int64_t all = p.size.batch * p.size.m * p.size.n;
    T sum = p.partial[e];
    for (int64_t part = 1; part < p.parts; ++part) sum += p.partial[part * all + e];
    const int64_t j = e % p.size.n, i = e / p.size.n;
    p.operands.store(i / p.size.m, i % p.size.m, j, sum);
  }
};

// How many parts k is cut into: as many as fill the device, of no fewer than 256 steps.
inline int64_t parts_of(const ProductSize& s) {
  const int64_t tiles = ((s.m + kTile - 1) / kTile) * ((s.n + kTile - 1) / kTile) * s.batch;
  if (tiles == 0) return 1;
  return std::clamp<int64_t>(256 / tiles, 1, std::max<int64_t>(s.k / 256, 1));
}

template <class T>
size_t product_workspace(const ProductSize& s) {
  const int64_t parts = parts_of(s);
  return parts == 1 ? 0 : static_cast<size_t>(parts * s.batch * s.m * s.n) * sizeof(T);
}

template <class T, class Operands>
void multiply(const RunArgs& args, const ProductSize& s, const Operands& operands,
              void* workspace) {
  const int64_t tiles = ((s.m + kTile - 1) / kTile) * ((s.n + kTile - 1) / kTile);
  if (tiles == 0 || s.batch == 0) return;
  constexpr int64_t kMostBatch = 65535;  // blocks along y
  Product<T, Operands> p{s, parts_of(s), static_cast<T*>(workspace), operands};
  launch(product_kernel<T, Operands>,
         dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(std::min(s.batch, kMostBatch)),
              static_cast<unsigned>(p.parts)),
         dim3(kTileThreads), 0, stream_of(args), p);
  if (p.parts > 1) each(args, s.batch * s.m * s.n, AddParts<T, Operands>{p});
}

}  // namespace kn::cuda
