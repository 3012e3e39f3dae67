// The product of product.h on tensor cores: factors of 16 bits, or of 32 rounded to TF32, sums in
// float32. A block keeps three stretches of both operands in shared memory: while one is
// multiplied, the next two are on their way. A warp multiplies a part of the block's tile by
// fragments of 16 x 8. tile_table.h says which tile, and into how many parts k is cut.
#pragma once

#include "runtime/device.h"
#include "supply.h"
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

// A block's work on one tile: what it is supplied with, and what its warps multiply.
template <class Tile, class Operands>
class TensorBlock {
 public:
  using Factor = typename Operands::Factor;
  using Sums = float[Tile::kMs][Tile::kNs][4];
  using StretchA = Stretch<Factor, Operands::kAAlongK, Tile::kM>;
  using StretchB = Stretch<Factor, Operands::kBAlongK, Tile::kN>;
  using Stretches = Supply<StretchA, StretchB, Tile::kThreads, kStages, Operands>;
  static constexpr int kDeep = StretchA::kDeep, kWide = StretchA::kWide;

  __device__ TensorBlock(const ProductTask<Operands>& task, int64_t z, const Corner& corner)
      : supply(task, z, corner), task_(task), z_(z), corner_(corner) {}

  // sum += the stretch's product, for the warp's rows from `m` and columns from `n` on.
  __device__ void multiply(int number, int m, int n, Sums& sum) const {
    const Factor *a = supply.a(number), *b = supply.b(number);
#pragma unroll
    for (int deep = 0; deep < kDeep; deep += 2 * kWide) {
      uint32_t left[Tile::kMs][4], right[Tile::kNs / 2][4];
#pragma unroll
      for (int i = 0; i < Tile::kMs; ++i)
        StretchA::template read<true>(a, m, 16 * i, deep, left[i]);
#pragma unroll
      for (int j = 0; j < Tile::kNs / 2; ++j)
        StretchB::template read<false>(b, n, 16 * j, deep, right[j]);
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
    static_assert(Stretches::kBytes >= sizeof(float) * Tile::kM * Tile::kStep);
    const int lane = static_cast<int>(threadIdx.x) % kWarp, g = lane / 4, t = lane % 4;
    auto* sums = supply.template sums<float>();
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
        task_.product, task_.c_in_fours, z_, blockIdx.z, corner_.row, corner_.column,
        static_cast<int>(threadIdx.x), sums);
  }

  Stretches supply;

 private:
  const ProductTask<Operands>& task_;
  int64_t z_;
  Corner corner_;
};

template <class Tile, class Operands>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kResident)
    tensor_kernel(const __grid_constant__ ProductTask<Operands> task) {
  const ProductSize& size = task.product.size;
  const Corner corner = corner_of<Tile::kM, Tile::kN>(blockIdx.x, size);
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int m = warp / Tile::kColumns * Tile::kWarpM, n = warp % Tile::kColumns * Tile::kWarpN;

  for (int64_t z = blockIdx.y; z < size.batch; z += gridDim.y) {
    TensorBlock<Tile, Operands> block(task, z, corner);
    float sum[Tile::kMs][Tile::kNs][4] = {};
    // The first turns only load.
    for (int s = 1 - kStages; s < block.supply.stretches; ++s) {
      if (s >= 0) {
        wait_copies<kStages - 2>();
        __syncthreads();  // all have this stretch, and are done with the one before
      }
      block.supply.bring(s + kStages - 1);
      if (s >= 0) block.multiply(s, m, n, sum);
    }
    wait_copies<0>();
    __syncthreads();
    block.store(m, n, sum);
    __syncthreads();
  }
}

template <class Tile, class Operands>
void launch_tensor(const RunArgs& args, const ProductTask<Operands>& task) {
  using Block = TensorBlock<Tile, Operands>;
  launch_tiles<Tile>(args, tensor_kernel<Tile, Operands>, Block::Stretches::kBytes, task);
}

template <class Operands>
void multiply_on_tensor_cores(const RunArgs& args, const ProductSize& s, const TileChoice& choice,
                              const Operands& operands) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const ProductTask<Operands> task(args, s, choice.parts, operands);
  // Operands that look up where their elements lie need the registers that large parts of a tile
  // would take.
  using Large = std::conditional_t<Operands::kLooksUp, TensorTile<128, 128, 2, 4, 2>,
                                   TensorTile<128, 128, 2, 2, 2>>;
  using Tall = TensorTile<128, 64, 2, 2, 3>;
  if constexpr (!Operands::kAAlongK &&
                Operands::kBAlongK) {  // both transposed: too seldom for code of its own
    launch_tensor<Tall>(args, task);
  } else {
    switch (choice.tile) {
      case Tile::large: launch_tensor<Large>(args, task); break;
      case Tile::tall: launch_tensor<Tall>(args, task); break;
      default: launch_tensor<TensorTile<64, 64, 2, 2, 4>>(args, task); break;
    }
  }
  join_parts(args, task.product, task.c_in_fours);
}

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
