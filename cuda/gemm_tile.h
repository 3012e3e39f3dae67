// The product of product.h by plain multiplication and addition: float32 where TF32 is switched
// off, float64 and integers. Sums are added along k in order, so that a result's bits follow from
// the number of parts of k alone.
//
// A block keeps four stretches of both operands in shared memory, as columns: the lines of one step
// of k lie side by side. A thread multiplies 8 x 8 of them (4 x 8 in small tiles), in groups of 16
// bytes that are 8 or 4 lanes apart, and reads those of the next step of k while it does.
//
// Arithmetic of a float32 tile of 128 x 128. Per step of k a warp issues 64 FFMA and 4 LDS.128. A
// read of shared memory brings 128 bytes for A (8 lanes of 16) or 64 for B (4 lanes), each once:
// two cycles at most, 8 per warp and step. An H200 issues as many FFMA per cycle as instructions,
// four in a multiprocessor: the 64 take 16 cycles, so shared memory is busy half the time, and
// reading costs 4 issues in 68. Per stretch of 16 steps there are another 12 copies and about 60
// instructions for addresses and the loop: 1024 of 1160 issues are FFMA, 88% of the peak at best.
// On an A100 FFMA take every other issue: everything else hides behind them. From L2 a block takes
// 16 KB per stretch, 8 bytes per cycle of what it multiplies, of some 40 that there are. float64
// multiplies 4 x 8: 32 DFMA of two issues each, 16 cycles, beside 6 reads, 12 cycles at most.
#pragma once

#include "pack.h"
#include "supply.h"
#include "tile_table.h"

namespace kn::cuda {

// A tile of kM x kN by a grid of warps of kRows x kColumns; so many blocks are to find room on a
// multiprocessor, among its registers too.
template <class T, int kM_, int kN_, int kRows_, int kColumns_, int kResident_>
struct PlainTile {
  static constexpr int kM = kM_, kN = kN_, kRows = kRows_, kColumns = kColumns_;
  static constexpr int kResident = kResident_, kStages = 4;
  static constexpr int kThreads = kRows * kColumns * kWarp;
  static constexpr int kWarpM = kM / kRows, kWarpN = kN / kColumns;
  static constexpr int kLanesM = 8, kLanesN = 4;                        // of a warp
  static constexpr int kMs = kWarpM / kLanesM, kNs = kWarpN / kLanesN;  // results of a thread
  static constexpr int kWide = Pack<T>::kMany;
  static constexpr int kStep = kN + 4;  // of sums on their way out
};

// 64 bytes of k of `kLines` lines, whatever way they lie in memory. Where that is along k, a run is
// scattered over rows; 4 more elements to a row put what a warp stores at once, two runs of each of
// 16 lines, into different banks.
template <class Factor_, bool kAlongK_, int kLines_>
struct Columns {
  using Factor = Factor_;
  static constexpr bool kAlongK = kAlongK_, kScattered = kAlongK;
  static constexpr int kLines = kLines_;
  static constexpr int kWide = Pack<Factor>::kMany;
  static constexpr int kDeep = 64 / sizeof(Factor);
  static constexpr int kRow = kAlongK ? kDeep : kLines;  // in memory
  static constexpr int kStep = kLines + 4;
  static constexpr int kElements = kLines * kDeep, kRoom = kStep * kDeep;

  __device__ static int at(int line, int deep) { return deep * kStep + line; }

  static constexpr int kPeriod = kAlongK ? 2 * kLines : kLines / kWide;
  __device__ static int run_line(int e) { return kAlongK ? e / 2 % kLines : e % kPeriod * kWide; }
  __device__ static int run_deep(int e) {
    return kAlongK ? (e / kPeriod * 2 + e % 2) * kWide : e / kPeriod;
  }
};

// A block's work on one tile, and what its threads make of it.
template <class Tile, class Operands>
class PlainBlock {
 public:
  using T = typename Operands::Factor;
  using A = Columns<T, Operands::kAAlongK, Tile::kM>;
  using B = Columns<T, Operands::kBAlongK, Tile::kN>;
  using Stretches = Supply<A, B, Tile::kThreads, Tile::kStages, Operands>;
  using Sums = T[Tile::kMs][Tile::kNs];

  // Lanes 2 i and 2 i + 1 share what they read of A, those of equal parity of a half warp of B.
  __device__ PlainBlock(const ProductTask<Operands>& task, int64_t z, const Corner& corner)
      : supply_(task, z, corner), task_(task), z_(z), corner_(corner) {
    const int warp = static_cast<int>(threadIdx.x) / kWarp;
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    m_ = warp / Tile::kColumns * Tile::kWarpM + lane / 2 % 8 * Tile::kWide;
    n_ = warp % Tile::kColumns * Tile::kWarpN + (lane % 2 + lane / 16 * 2) * Tile::kWide;
  }

  __device__ void multiply(Sums& sum) {
#pragma unroll 1
    for (int s = 0; s < Tile::kStages - 1; ++s) supply_.bring(s);
    turn_to(0);
    T left[2][Tile::kMs], right[2][Tile::kNs];
    read(0, left[0], right[0]);
    for (int s = 0; s < supply_.stretches; ++s) {
      supply_.bring(s + Tile::kStages - 1);
      // Not unrolled, so that the loop stays in the nearest cache of instructions.
#pragma unroll 1
      for (int from = 0; from < A::kDeep; from += kAtOnce) {
#pragma unroll
        for (int i = 0; i < kAtOnce; ++i) {
          if (i + 1 < kAtOnce) {
            read(i + 1, left[(i + 1) % 2], right[(i + 1) % 2]);
          } else {
            if (from + kAtOnce < A::kDeep) {
              a_ += kAtOnce * A::kStep;
              b_ += kAtOnce * B::kStep;
            } else {
              turn_to(s + 1);
            }
            read(0, left[0], right[0]);
          }
          add_products(left[i % 2], right[i % 2], sum);
        }
      }
    }
  }

  // Through shared memory, so that neighbours are stored by neighbours, and what is fused to a
  // product is compiled once.
  __device__ void store(const Sums& sum) const {
    static_assert(Stretches::kBytes >= sizeof(T) * Tile::kM * Tile::kStep);
    wait_copies<0>();
    __syncthreads();
    T* sums = supply_.template sums<T>();
#pragma unroll
    for (int i = 0; i < Tile::kMs; ++i)
#pragma unroll
      for (int j = 0; j < Tile::kNs; j += Tile::kWide) {
        Pack<T> pack;
#pragma unroll
        for (int e = 0; e < Tile::kWide; ++e) pack.v[e] = sum[i][j + e];
        store_pack(
            sums + (m_ + line_of<Tile::kLanesM>(i)) * Tile::kStep + n_ + line_of<Tile::kLanesN>(j),
            pack);
      }
    __syncthreads();
    store_tile<Tile::kM, Tile::kN, Tile::kStep, Tile::kThreads>(
        task_.product, task_.c_in_fours, z_, blockIdx.z, corner_.row, corner_.column,
        static_cast<int>(threadIdx.x), sums);
  }

 private:
  static constexpr int kAtOnce = 8;  // steps of k
  static_assert(A::kDeep % kAtOnce == 0 && kAtOnce % 2 == 0);

  // From a thread's first line to that of its i-th result: groups of kWide, so many lanes apart.
  template <int kLanes>
  __device__ static constexpr int line_of(int i) {
    return i / Tile::kWide * Tile::kWide * kLanes + i % Tile::kWide;
  }

  // To a stretch that all have brought; and nobody needs the one before any more.
  __device__ void turn_to(int number) {
    wait_copies<Tile::kStages - 2>();
    __syncthreads();
    a_ = supply_.a(number) + m_;
    b_ = supply_.b(number) + n_;
  }

  __device__ void read(int deep, T (&left)[Tile::kMs], T (&right)[Tile::kNs]) const {
    read_line<Tile::kLanesM>(a_ + deep * A::kStep, left);
    read_line<Tile::kLanesN>(b_ + deep * B::kStep, right);
  }
  template <int kLanes, int kMany>
  __device__ static void read_line(const T* from, T (&to)[kMany]) {
#pragma unroll
    for (int i = 0; i < kMany; i += Tile::kWide) {
      const Pack<T> pack = load_pack(from + line_of<kLanes>(i));
#pragma unroll
      for (int e = 0; e < Tile::kWide; ++e) to[i + e] = pack.v[e];
    }
  }

  __device__ static void add_products(const T (&left)[Tile::kMs], const T (&right)[Tile::kNs],
                                      Sums& sum) {
#pragma unroll
    for (int i = 0; i < Tile::kMs; ++i)
#pragma unroll
      for (int j = 0; j < Tile::kNs; ++j) sum[i][j] += left[i] * right[j];
  }

  Stretches supply_;
  const ProductTask<Operands>& task_;
  int64_t z_;
  Corner corner_;
  int m_, n_;
  const T *a_ = nullptr, *b_ = nullptr;
};

template <class Tile, class Operands>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kResident)
    product_kernel(const __grid_constant__ ProductTask<Operands> task) {
  const ProductSize& size = task.product.size;
  const Corner corner = corner_of<Tile::kM, Tile::kN>(blockIdx.x, size);
  for (int64_t z = blockIdx.y; z < size.batch; z += gridDim.y) {
    PlainBlock<Tile, Operands> block(task, z, corner);
    typename PlainBlock<Tile, Operands>::Sums sum = {};
    block.multiply(sum);
    block.store(sum);
    __syncthreads();
  }
}

template <class Tile, class Operands>
void launch_plain(const RunArgs& args, const ProductTask<Operands>& task) {
  using Block = PlainBlock<Tile, Operands>;
  launch_tiles<Tile>(args, product_kernel<Tile, Operands>, Block::Stretches::kBytes, task);
}

// Other types than float32 know small tiles only, and so does the product of two transposed
// matrices, which is rare: larger ones would be compiled for it alone.
template <class Operands>
void multiply(const RunArgs& args, const ProductSize& s, const TileChoice& choice,
              const Operands& operands) {
  using T = typename Operands::Factor;
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const ProductTask<Operands> task(args, s, choice.parts, operands);
  using Small = PlainTile<T, 64, 64, 2, 2, sizeof(T) == 4 ? 4 : 3>;
  if constexpr (!std::is_same_v<T, float> || (!Operands::kAAlongK && Operands::kBAlongK)) {
    launch_plain<Small>(args, task);
  } else {
    switch (choice.tile) {
      case Tile::large: launch_plain<PlainTile<T, 128, 128, 2, 4, 2>>(args, task); break;
      case Tile::tall: launch_plain<PlainTile<T, 128, 64, 2, 2, 3>>(args, task); break;
      default: launch_plain<Small>(args, task); break;
    }
  }
  join_parts(args, task.product, task.c_in_fours);
}

}  // namespace kn::cuda
