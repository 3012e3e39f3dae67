// How operands of tensor cores lie in shared memory. A stretch is 128 bytes of k of `kLines` rows
// of A or columns of B, in rows as memory has them: along k, or along the lines. Runs of 16 bytes
// change places within a row by its number, so that what a warp stores or reads at once lies in
// different banks.
#pragma once

#include <bit>

#include "tensor_core.h"

namespace kn::cuda {

template <class Factor_, bool kAlongK_, int kLines_>
struct Stretch {
  using Factor = Factor_;
  static constexpr bool kAlongK = kAlongK_;
  static constexpr int kLines = kLines_;
  static constexpr int kWide = 16 / sizeof(Factor);   // elements of a run
  static constexpr int kDeep = 128 / sizeof(Factor);  // steps of k
  static constexpr int kRow = kAlongK ? kDeep : kLines;
  static constexpr int kElements = kLines * kDeep, kRoom = kElements;
  // Matrices of 16-byte rows are read whole, or, floats across k, one by one.
  static constexpr bool kWhole = kAlongK || kIsHalf<Factor>;

  __device__ static int at(int line, int deep) {
    const int row = kAlongK ? line : deep, along = kAlongK ? deep : line;
    const int turn = kWhole ? row & 7 : (row & 3) << 1;
    return row * kRow + (along / kWide ^ turn) * kWide + along % kWide;
  }

  // For who carries it: the run of number `e`, and after how many of them the lines come again.
  static constexpr bool kScattered = false;
  static constexpr int kPeriod = (kAlongK ? kElements : kLines) / kWide;
  __device__ static int run_line(int e) { return kAlongK ? e / 8 : e % kPeriod * kWide; }
  __device__ static int run_deep(int e) { return kAlongK ? e % 8 * kWide : e / kPeriod; }

  // Of two blocks of 8 lines by two of kWide steps from line `first` + `line` and step `deep` on,
  // that of lines that follow before that of steps where kLinesFirst: a fragment of A, or two of B.
  // `first` is a multiple of a power of two, below which `line` is; `line` and `deep` are known
  // when this is compiled.
  template <bool kLinesFirst>
  __device__ static void read(const Factor* from, int first, int line, int deep,
                              uint32_t (&to)[4]) {
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    if constexpr (kWhole) {
      const int q = lane / 8, r = lane % 8;
      const int lines = (kLinesFirst ? q % 2 : q / 2) * 8 + (kAlongK ? r : 0);
      const int steps = (kLinesFirst ? q / 2 : q % 2) * kWide + (kAlongK ? 0 : r);
      load_matrices<!kAlongK>(to, beyond(from, at(first + lines, steps), line, deep));
    } else {
      const int own = at(first + lane / 4, lane % 4);
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int lines = kLinesFirst ? e % 2 : e / 2, steps = kLinesFirst ? e / 2 : e % 2;
        to[e] = std::bit_cast<uint32_t>(*beyond(from, own, line + lines * 8, deep + steps * kWide));
      }
    }
    if constexpr (!kIsHalf<Factor>)
#pragma unroll
      for (uint32_t& bits : to) bits = to_tf32(std::bit_cast<float>(bits));
  }

 private:
  // The element `line` lines and `deep` steps beyond that at place `own`, which differ from it in
  // other bits: but for where runs change places, so that few places have to be computed and the
  // rest is part of the instruction.
  __device__ static const Factor* beyond(const Factor* from, int own, int line, int deep) {
    constexpr int kTurned = 7 * kWide;
    const int more = kAlongK ? line * kRow + deep : deep * kRow + line;
    return from + (own ^ (more & kTurned)) + (more & ~kTurned);
  }
};

}  // namespace kn::cuda
