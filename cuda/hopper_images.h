// Convolutions on compute capability 9.0: the first factor, elements of images, is brought by the
// asynchronous copies of four warps, each run of 16 bytes to where the copy engine would have put
// it; the second by the engine. TF32 is rounded in shared memory, as mma.sync rounds.
#pragma once

#include "hopper_tile.h"
#include "supply.h"
#include "tensor_stretch.h"

namespace kn::cuda {

// How A lies across k, for who carries it: 64 lines of halves after each other for every step of k,
// then the next 64 lines. Along k it is Stretch's way.
template <class Factor_, int kLines_>
struct StretchAcross {
  using Factor = Factor_;
  static constexpr bool kAlongK = false, kScattered = false;
  static constexpr int kLines = kLines_, kWide = 16 / sizeof(Factor), kDeep = 128 / sizeof(Factor);
  static constexpr int kElements = kLines * kDeep, kPeriod = kLines / kWide;
  static constexpr int kBlock = 64;
  static_assert(kBlock * sizeof(Factor) == 128);

  __device__ static int at(int line, int deep) {
    const int along = line % kBlock;
    return line / kBlock * (kBlock * kDeep) + deep * kBlock + (along / kWide ^ (deep & 7)) * kWide +
           along % kWide;
  }
  __device__ static int run_line(int e) { return e % kPeriod * kWide; }
  __device__ static int run_deep(int e) { return e / kPeriod; }
};

// Operands whose second factor was turned: it lies along k.
template <class Operands>
struct TurnedB : Operands {
  static constexpr bool kBAlongK = true;
};

// After `b_deep` steps of k its map goes on `b_lines` rows further: a tap after the other.
template <class Operands_>
struct alignas(64) HopperImages {
  using Operands = Operands_;
  static constexpr int kBringers = 1 + HopperTile<128>::kGroup / kWarp;
  static constexpr int kToBring = 104, kToMultiply = 200;
  TensorMap b;
  Product<Operands> product;
  int b_deep, b_lines;
  bool c_in_fours;
};

#if KN_HOPPER

template <class Tile, class Operands>
__device__ void bring_b(const HopperImages<Operands>& task, unsigned char* to, int line, int k,
                        uint64_t* full) {
  constexpr int kDeep = 128 / sizeof(typename Operands::Factor);
  arrive_with_bytes(full, Tile::kBytesB);
  const int leap = k / task.b_deep;
  bring<Operands::kBAlongK, Tile::kN>(to, &task.b, line + leap * task.b_lines,
                                      k - leap * task.b_deep, 0, kDeep, full);
}

// Copies of the last stages may be under way: one less than are free while the oldest is multiplied
// and the one before it not yet given back.
template <class Tile, class Operands>
__device__ void produce(const HopperImages<Operands>& task, const HopperShared<Tile>& shared) {
  using Factor = typename Operands::Factor;
  using A = std::conditional_t<Operands::kAAlongK, Stretch<Factor, true, Tile::kM>,
                               StretchAcross<Factor, Tile::kM>>;
  constexpr int kDeep = A::kDeep, kLate = Tile::kStages - 2;
  const Product<Operands>& p = task.product;
  const Operands& o = p.operands;
  const auto base = o.a_base(0);
  const int thread = static_cast<int>(threadIdx.x);
  Carrier<A, Tile::kGroup, typename Operands::ALine> carrier;
  Turn<Tile::kStages> turn, oldest;
  int late = 0;
  const auto finish_oldest = [&] {
    if constexpr (std::is_same_v<Factor, float>)
      carrier.visit(reinterpret_cast<Factor*>(shared.a(oldest.stage)), [](float* run) {
        FourOf<float> four = *reinterpret_cast<FourOf<float>*>(run);
#pragma unroll
        for (float& x : four.of) x = std::bit_cast<float>(to_tf32(x));
        *reinterpret_cast<FourOf<float>*>(run) = four;
      });
    publish_writes();
    __syncwarp();
    if (thread % kWarp == 0) arrive(shared.full(oldest.stage));
    oldest.next();
  };
  if (thread == 0) prefetch_map(&task.b);
  for (HopperWork<Tile, kDeep, Operands> work(p); work.more(); work.next()) {
    const Corner corner = work.corner();
    carrier.begin(p.size.m - corner.row, [&](int i) { return o.a_line(base, corner.row + i); });
    for (int s = work.first(), last = work.last(); s < last; ++s, turn.next()) {
      wait_phase(shared.empty(turn.stage), turn.phase ^ 1);
      if (thread == 0)
        bring_b<Tile>(task, shared.b(turn.stage), static_cast<int>(corner.column), s * kDeep,
                      shared.full(turn.stage));
      const int64_t k = int64_t{s} * kDeep, left = p.size.k - k;
      carrier.load_runs(
          reinterpret_cast<Factor*>(shared.a(turn.stage)),
          left < kDeep ? static_cast<int>(left) : kDeep,
          [&](int deep) { return o.a_deep(k + deep); },
          [&](const auto& line, const auto& deep) { return o.a(line, deep); });
      close_copies();
      if (late == kLate) {
        wait_copies<kLate>();
        finish_oldest();
      } else {
        ++late;
      }
    }
  }
  wait_copies<0>();
  for (; late > 0; --late) finish_oldest();
}

#endif

}  // namespace kn::cuda
