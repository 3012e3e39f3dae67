// The product of gemm_tile.h on tensor cores: float32 operands rounded to TF32, sums in float32. A
// block keeps stretches of 32 steps of k of both operands in shared memory, three of them: while
// one is multiplied, the next two are on their way. A warp multiplies a part of the block's tile by
// fragments of 16 x 8 x 8. Rows in shared memory are padded so that the lanes of a warp read
// fragments from different banks.
#pragma once

#include "gemm_tile.h"
#include "tensor_core.h"

namespace kn::cuda {

// A tile of kM x kN by a grid of warps of kRows x kColumns.
template <int kM_, int kN_, int kRows_, int kColumns_>
struct TensorTile {
  static constexpr int kM = kM_, kN = kN_, kRows = kRows_, kColumns = kColumns_;
  static constexpr int kThreads = kRows * kColumns * kWarp;
  static constexpr int kWarpM = kM / kRows, kWarpN = kN / kColumns;
  static constexpr int kMs = kWarpM / 16, kNs = kWarpN / 8;  // fragments of a warp
};
using LargeTile = TensorTile<128, 128, 2, 4>;
using SmallTile = TensorTile<64, 64, 2, 2>;

inline constexpr int kStretch = 32, kStages = 3;

// A stretch of an operand in shared memory: `kLines` rows of A or columns of B.
template <bool kAlongK, int kLines>
struct Stretch {
  static constexpr int kStep = kAlongK ? kStretch + 4 : kLines + 8;
  static constexpr int kFloats = (kAlongK ? kLines : kStretch) * kStep;

  __device__ static int at(int line, int deep) {
    return kAlongK ? line * kStep + deep : deep * kStep + line;
  }

  // Begins to load it. element(line, deep) is asked for within `lines` and `depth`; zeros outside.
  template <int kWide, int kThreads, class F>
  __device__ static void load(float* to, int64_t lines, int64_t depth, F element) {
    for (int v = static_cast<int>(threadIdx.x); v < kLines * kStretch / kWide; v += kThreads) {
      constexpr int kRun = (kAlongK ? kStretch : kLines) / kWide;
      const int across = v / kRun, along = v % kRun * kWide;
      const int line = kAlongK ? across : along, deep = kAlongK ? along : across;
      const bool inside = line < lines && deep < depth;
      const Element<float> found = inside ? element(line, deep) : Element<float>{nullptr};
      float* place = to + at(line, deep);
      if (found.at) copy_later<kWide * 4>(place, found.at);
      else
        for (int i = 0; i < kWide; ++i) place[i] = found.otherwise;
    }
  }
};

template <class Operands>
struct TensorTask {
  Product<float, Operands> product;
  bool a_in_fours, b_in_fours;
};

template <class Tile, bool kA, bool kB>
constexpr size_t tensor_shared_bytes() {
  return sizeof(float) * kStages *
         (Stretch<kA, Tile::kM>::kFloats + Stretch<kB, Tile::kN>::kFloats);
}

// A block's work on one tile: what it loads, and what its warp multiplies.
template <class Tile, bool kA, bool kB, class Operands>
struct TensorBlock {
  using StretchA = Stretch<kA, Tile::kM>;
  using StretchB = Stretch<kB, Tile::kN>;

  const TensorTask<Operands>& task;
  int64_t z, row, column, k_begin, k_end;
  float* shared;

  __device__ float* stage_a(int64_t number) const {
    return shared + number % kStages * (StretchA::kFloats + StretchB::kFloats);
  }
  __device__ float* stage_b(int64_t number) const { return stage_a(number) + StretchA::kFloats; }
  __device__ int64_t stretches() const { return (k_end - k_begin + kStretch - 1) / kStretch; }

  __device__ void load(int64_t number) const {
    const Product<float, Operands>& p = task.product;
    const int64_t k = k_begin + number * kStretch, depth = k_end - k;
    const auto a = [&](int line, int deep) { return p.operands.a(z, row + line, k + deep); };
    const auto b = [&](int line, int deep) { return p.operands.b(z, k + deep, column + line); };
    const int64_t rows = p.size.m - row, columns = p.size.n - column;
    constexpr int kThreads = Tile::kThreads;
    if (task.a_in_fours) StretchA::template load<4, kThreads>(stage_a(number), rows, depth, a);
    else StretchA::template load<1, kThreads>(stage_a(number), rows, depth, a);
    if (task.b_in_fours) StretchB::template load<4, kThreads>(stage_b(number), columns, depth, b);
    else StretchB::template load<1, kThreads>(stage_b(number), columns, depth, b);
  }

  // sum += the stretch's product, for the warp's rows from `m` and columns from `n` on.
  __device__ void multiply(int64_t number, int m, int n,
                           float (&sum)[Tile::kMs][Tile::kNs][4]) const {
    const float *a = stage_a(number), *b = stage_b(number);
    const int lane = static_cast<int>(threadIdx.x) % kWarp, g = lane / 4, t = lane % 4;
#pragma unroll
    for (int deep = 0; deep < kStretch; deep += 8) {
      uint32_t left[Tile::kMs][4], right[Tile::kNs][2];
#pragma unroll
      for (int i = 0; i < Tile::kMs; ++i)
#pragma unroll
        for (int e = 0; e < 4; ++e)
          left[i][e] = to_tf32(a[StretchA::at(m + 16 * i + g + e % 2 * 8, deep + t + e / 2 * 4)]);
#pragma unroll
      for (int j = 0; j < Tile::kNs; ++j)
#pragma unroll
        for (int e = 0; e < 2; ++e)
          right[j][e] = to_tf32(b[StretchB::at(n + 8 * j + g, deep + t + e * 4)]);
#pragma unroll
      for (int i = 0; i < Tile::kMs; ++i)
#pragma unroll
        for (int j = 0; j < Tile::kNs; ++j) multiply_tf32(sum[i][j], left[i], right[j]);
    }
  }

  // Through shared memory, which no copy is under way to any more: so that neighbours are stored by
  // neighbours, and what is fused to a product is compiled once.
  __device__ void store(int64_t part, int m, int n,
                        const float (&sum)[Tile::kMs][Tile::kNs][4]) const {
    static_assert(tensor_shared_bytes<Tile, kA, kB>() >= sizeof(float) * Tile::kM * Tile::kN);
    const int lane = static_cast<int>(threadIdx.x) % kWarp, g = lane / 4, t = lane % 4;
#pragma unroll
    for (int i = 0; i < Tile::kMs; ++i)
#pragma unroll
      for (int j = 0; j < Tile::kNs; ++j)
#pragma unroll
        for (int e = 0; e < 4; ++e)
          shared[(m + 16 * i + g + e / 2 * 8) * Tile::kN + n + 8 * j + 2 * t + e % 2] =
              sum[i][j][e];
    __syncthreads();
    const Product<float, Operands>& p = task.product;
    for (int e = static_cast<int>(threadIdx.x); e < Tile::kM * Tile::kN; e += Tile::kThreads) {
      const int64_t at_row = row + e / Tile::kN, at_column = column + e % Tile::kN;
      if (at_row < p.size.m && at_column < p.size.n) p.store(z, part, at_row, at_column, shared[e]);
    }
  }
};

template <class Tile, bool kA, bool kB, class Operands>
__global__ void __launch_bounds__(Tile::kThreads)
    tensor_kernel(const __grid_constant__ TensorTask<Operands> task) {
  const Product<float, Operands>& p = task.product;
  const int64_t columns = (p.size.n + Tile::kN - 1) / Tile::kN;
  const int64_t row = static_cast<int64_t>(blockIdx.x) / columns * Tile::kM;
  const int64_t column = static_cast<int64_t>(blockIdx.x) % columns * Tile::kN;
  // Parts of k begin where stretches do.
  const int64_t part = blockIdx.z, all = (p.size.k + kStretch - 1) / kStretch;
  const int64_t k_begin = all * part / p.parts * kStretch;
  const int64_t k_last = all * (part + 1) / p.parts * kStretch;
  const int64_t k_end = k_last < p.size.k ? k_last : p.size.k;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int m = warp / Tile::kColumns * Tile::kWarpM, n = warp % Tile::kColumns * Tile::kWarpN;
  for (int64_t z = blockIdx.y; z < p.size.batch; z += gridDim.y) {
    const TensorBlock<Tile, kA, kB, Operands> block{
        task, z, row, column, k_begin, k_end, dynamic_shared<float>()};
    float sum[Tile::kMs][Tile::kNs][4] = {};
    const int64_t stretches = block.stretches();
    for (int s = 0; s < kStages - 1; ++s) {
      if (s < stretches) block.load(s);
      close_copies();
    }
    for (int64_t s = 0; s < stretches; ++s) {
      wait_copies<kStages - 2>();
      __syncthreads();  // all have this stretch, and are done with the one before
      if (s + kStages - 1 < stretches) block.load(s + kStages - 1);
      close_copies();
      block.multiply(s, m, n, sum);
    }
    wait_copies<0>();
    __syncthreads();
    block.store(part, m, n, sum);
    __syncthreads();
  }
}

// Which tile, and into how many parts k is cut: large tiles where there are enough of them for the
// device, else small ones, and as many parts as fill it.
struct TensorChoice {
  bool large;
  int64_t parts;
};

inline TensorChoice tensor_choice(const ProductSize& s) {
  constexpr int64_t kEnough = 128, kLeast = 4 * kStretch;
  const auto tiles = [&](int64_t m, int64_t n) {
    return (s.m + m - 1) / m * ((s.n + n - 1) / n) * s.batch;
  };
  const bool wide = s.m > SmallTile::kM && s.n > SmallTile::kN;
  if (wide && tiles(LargeTile::kM, LargeTile::kN) >= kEnough) return {true, 1};
  const int64_t small = std::max<int64_t>(tiles(SmallTile::kM, SmallTile::kN), 1);
  return {false, std::clamp<int64_t>(2 * kEnough / small, 1, std::max<int64_t>(s.k / kLeast, 1))};
}

inline size_t tensor_workspace(const ProductSize& s) {
  const int64_t parts = tensor_choice(s).parts;
  return parts == 1 ? 0 : static_cast<size_t>(parts * s.batch * s.m * s.n) * sizeof(float);
}

template <class Tile, bool kA, bool kB, class Operands>
void launch_tensor(const RunArgs& args, const TensorTask<Operands>& task) {
  constexpr int64_t kMostBatch = 65535;  // blocks along y
  constexpr size_t kShared = tensor_shared_bytes<Tile, kA, kB>();
  const ProductSize& s = task.product.size;
  const int64_t tiles = (s.m + Tile::kM - 1) / Tile::kM * ((s.n + Tile::kN - 1) / Tile::kN);
  const auto kernel = tensor_kernel<Tile, kA, kB, Operands>;
  allow_shared(kernel, kShared);
  launch(kernel,
         dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(std::min(s.batch, kMostBatch)),
              static_cast<unsigned>(task.product.parts)),
         dim3(Tile::kThreads), kShared, stream_of(args), task);
}

// As multiply(), for operands whose neighbours along k lie side by side (kA, kB) or do not.
template <bool kA, bool kB, class Operands>
void multiply_on_tensor_cores(const RunArgs& args, const ProductSize& s, const Operands& operands,
                              void* workspace) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const TensorChoice choice = tensor_choice(s);
  const TensorTask<Operands> task{{s, choice.parts, static_cast<float*>(workspace), operands},
                                  operands.a_in_fours(),
                                  operands.b_in_fours()};
  if (choice.large) launch_tensor<LargeTile, kA, kB>(args, task);
  else launch_tensor<SmallTile, kA, kB>(args, task);
  if (choice.parts > 1) each(args, s.batch * s.m * s.n, AddParts<float, Operands>{task.product});
}

inline bool in_fours(const void* at) { return reinterpret_cast<uintptr_t>(at) % 16 == 0; }

// Whether the device may round factors to TF32, as said when the plan is made.
inline bool may_use_tf32(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype != DType::f32) {
    refusal = "tensor cores compute float32 here";
    return false;
  }
  if (r.source && !r.source->device().tf32_allowed()) {
    refusal = "TF32 is switched off";
    return false;
  }
  return true;
}

}  // namespace kn::cuda
