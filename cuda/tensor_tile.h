// The product of gemm_tile.h on tensor cores: factors of 16 bits, or of 32 rounded to TF32, sums in
// float32. A block keeps three stretches of both operands in shared memory: while one is
// multiplied, the next two are on their way. A warp multiplies a part of the block's tile by
// fragments of 16 x 8. tile_table.h says which tile, and into how many parts k is cut.
#pragma once

#include <utility>
#include "runtime/device.h"

#include "tensor_store.h"
#include "tensor_stretch.h"
#include "tile_table.h"

namespace kn::cuda {

// A tile of kM x kN by a grid of warps of kRows x kColumns; so many blocks are to find room on a
// multiprocessor, among its registers too.
template <int kM_, int kN_, int kRows_, int kColumns_, int kResident_>
struct TensorTile {
  static constexpr int kResident = kResident_;
  static constexpr int kM = kM_, kN = kN_, kRows = kRows_, kColumns = kColumns_;
  static constexpr int kThreads = kRows * kColumns * kWarp;
  static constexpr int kWarpM = kM / kRows, kWarpN = kN / kColumns;
  static constexpr int kMs = kWarpM / 16, kNs = kWarpN / 8;  // fragments of a warp
  static constexpr int kStep = kN + 8;                       // of sums on their way out
};

inline constexpr int kStages = 3;

template <class Operands>
struct TensorTask {
  Product<float, Operands> product;
  bool a_in_runs, b_in_runs, c_in_fours;
};

template <class Tile>
constexpr size_t tensor_shared_bytes() {
  return size_t{kStages} * (Tile::kM + Tile::kN) * 128;
}

// A block's work on one tile: what it loads, and what its warp multiplies.
template <class Tile, bool kA, bool kB, class Operands>
class TensorBlock {
 public:
  using Factor = typename Operands::Factor;
  using Sums = float[Tile::kMs][Tile::kNs][4];
  using StretchA = Stretch<Factor, kA, Tile::kM>;
  using StretchB = Stretch<Factor, kB, Tile::kN>;
  static constexpr int kDeep = StretchA::kDeep, kWide = StretchA::kWide;

  __device__ TensorBlock(const TensorTask<Operands>& task, int64_t z, int64_t row, int64_t column)
      : task_(task),
        z_(z),
        row_(row),
        column_(column),
        shared_(dynamic_shared<Factor>()),
        a_base_(task.product.operands.a_base(z)),
        b_base_(task.product.operands.b_base(z)) {
    const Product<float, Operands>& p = task.product;
    // Parts of k begin where stretches do.
    const int64_t all = (p.size.k + kDeep - 1) / kDeep;
    k_begin_ = all * blockIdx.z / p.parts * kDeep;
    const int64_t k_last = all * (blockIdx.z + 1) / p.parts * kDeep;
    k_end_ = k_last < p.size.k ? k_last : p.size.k;
    stretches = static_cast<int>((k_end_ - k_begin_ + kDeep - 1) / kDeep);
    a_.begin(p.size.m - row, [&](int i) { return p.operands.a_line(a_base_, row + i); });
    b_.begin(p.size.n - column, [&](int j) { return p.operands.b_line(b_base_, column + j); });
  }

  __device__ void load(int number) const {
    const Operands& o = task_.product.operands;
    const int64_t k = k_begin_ + int64_t{number} * kDeep, depth = k_end_ - k;
    const auto a_deep = [&](int deep) { return o.a_deep(k + deep); };
    const auto b_deep = [&](int deep) { return o.b_deep(k + deep); };
    const auto a = [&](const auto& line, const auto& deep) { return o.a(line, deep); };
    const auto b = [&](const auto& line, const auto& deep) { return o.b(line, deep); };
    if (task_.a_in_runs) a_.load_runs(stage_a(number), depth, a_deep, a);
    else
      a_.load_singles(
          stage_a(number), depth, [&](int i) { return o.a_line(a_base_, row_ + i); }, a_deep, a);
    if (task_.b_in_runs) b_.load_runs(stage_b(number), depth, b_deep, b);
    else
      b_.load_singles(
          stage_b(number), depth, [&](int j) { return o.b_line(b_base_, column_ + j); }, b_deep, b);
  }

  // sum += the stretch's product, for the warp's rows from `m` and columns from `n` on.
  __device__ void multiply(int number, int m, int n, Sums& sum) const {
    const Factor *a = stage_a(number), *b = stage_b(number);
#pragma unroll
    for (int deep = 0; deep < kDeep; deep += 2 * kWide) {
      uint32_t left[Tile::kMs][4], right[Tile::kNs / 2][4];
#pragma unroll
      for (int i = 0; i < Tile::kMs; ++i)
        StretchA::template read<true>(a, m + 16 * i, deep, left[i]);
#pragma unroll
      for (int j = 0; j < Tile::kNs / 2; ++j)
        StretchB::template read<false>(b, n + 16 * j, deep, right[j]);
#pragma unroll
      for (int i = 0; i < Tile::kMs; ++i)
#pragma unroll
        for (int j = 0; j < Tile::kNs; ++j) {
          const uint32_t pair[2] = {right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]};
          if constexpr (kIsHalf<Factor>) multiply_halves<Factor>(sum[i][j], left[i], pair);
          else multiply_tf32(sum[i][j], left[i], pair);
        }
    }
  }

  // Through shared memory, which no copy is under way to any more: so that neighbours are stored by
  // neighbours, and what is fused to a product is compiled once.
  __device__ void store(int m, int n, const Sums& sum) const {
    static_assert(tensor_shared_bytes<Tile>() >= sizeof(float) * Tile::kM * Tile::kStep);
    const int lane = static_cast<int>(threadIdx.x) % kWarp, g = lane / 4, t = lane % 4;
    auto* sums = reinterpret_cast<float*>(shared_);
#pragma unroll
    for (int i = 0; i < Tile::kMs; ++i)
#pragma unroll
      for (int j = 0; j < Tile::kNs; ++j)
#pragma unroll
        for (int half = 0; half < 2; ++half)
          *reinterpret_cast<float2*>(sums + (m + 16 * i + g + half * 8) * Tile::kStep + n + 8 * j +
                                     2 * t) = {sum[i][j][2 * half], sum[i][j][2 * half + 1]};
    __syncthreads();
    store_tile<Tile::kM, Tile::kN, Tile::kStep, Tile::kThreads>(
        task_.product, task_.c_in_fours, z_, blockIdx.z, row_, column_,
        static_cast<int>(threadIdx.x), sums);
  }

  int stretches;

 private:
  __device__ Factor* stage_a(int number) const {
    return shared_ + number % kStages * (StretchA::kElements + StretchB::kElements);
  }
  __device__ Factor* stage_b(int number) const { return stage_a(number) + StretchA::kElements; }

  const TensorTask<Operands>& task_;
  int64_t z_, row_, column_, k_begin_, k_end_;
  Factor* shared_;
  decltype(std::declval<const Operands&>().a_base(0)) a_base_;
  decltype(std::declval<const Operands&>().b_base(0)) b_base_;
  Carrier<StretchA, Tile::kThreads, typename Operands::ALine> a_;
  Carrier<StretchB, Tile::kThreads, typename Operands::BLine> b_;
};

template <class Tile, bool kA, bool kB, class Operands>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kResident)
    tensor_kernel(const __grid_constant__ TensorTask<Operands> task) {
  const ProductSize& size = task.product.size;
  const Corner corner = corner_of<Tile::kM, Tile::kN>(blockIdx.x, size);
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int m = warp / Tile::kColumns * Tile::kWarpM, n = warp % Tile::kColumns * Tile::kWarpN;

  for (int64_t z = blockIdx.y; z < size.batch; z += gridDim.y) {
    TensorBlock<Tile, kA, kB, Operands> block(task, z, corner.row, corner.column);
    float sum[Tile::kMs][Tile::kNs][4] = {};
    // The first turns only load.
    for (int s = 1 - kStages; s < block.stretches; ++s) {
      if (s >= 0) {
        wait_copies<kStages - 2>();
        __syncthreads();  // all have this stretch, and are done with the one before
      }
      if (s + kStages - 1 < block.stretches) block.load(s + kStages - 1);
      close_copies();
      if (s >= 0) block.multiply(s, m, n, sum);
    }
    wait_copies<0>();
    __syncthreads();
    block.store(m, n, sum);
    __syncthreads();
  }
}

template <class Tile, bool kA, bool kB, class Operands>
void launch_tensor(const RunArgs& args, const TensorTask<Operands>& task) {
  constexpr int64_t kMostBatch = 65535;  // blocks along y
  constexpr size_t kShared = tensor_shared_bytes<Tile>();
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
void multiply_on_tensor_cores(const RunArgs& args, const ProductSize& s, const TileChoice& choice,
                              const Operands& operands) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const TensorTask<Operands> task{{s, choice.parts, static_cast<float*>(args.workspace), operands},
                                  operands.a_in_runs(),
                                  operands.b_in_runs(),
                                  operands.c_in_fours()};
  // Operands that look up where their elements lie need the registers that large parts of a tile
  // would take.
  using Large = std::conditional_t<Operands::kLooksUp, TensorTile<128, 128, 2, 4, 2>,
                                   TensorTile<128, 128, 2, 2, 2>>;
  using Tall = TensorTile<128, 64, 2, 2, 3>;
  if constexpr (!kA && kB) {  // both transposed: too seldom for code of its own
    launch_tensor<Tall, kA, kB>(args, task);
  } else {
    switch (choice.tile) {
      case Tile::large: launch_tensor<Large, kA, kB>(args, task); break;
      case Tile::tall: launch_tensor<Tall, kA, kB>(args, task); break;
      default: launch_tensor<TensorTile<64, 64, 2, 2, 4>, kA, kB>(args, task); break;
    }
  }
  if (choice.parts > 1) join_parts(args, task.product, task.c_in_fours);
}

// Whether 16 bytes from here on can be copied at once.
inline bool at_run(const void* at) { return reinterpret_cast<uintptr_t>(at) % 16 == 0; }

// Whether the device may round factors to TF32, as said when the plan is made.
inline bool may_use_tf32(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype != DType::f32) {
    refusal = "computes float32 only";
    return false;
  }
  if (r.source && !r.source->device().tf32_allowed()) {
    refusal = "TF32 is switched off";
    return false;
  }
  return true;
}

}  // namespace kn::cuda
