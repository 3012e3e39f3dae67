// How operands of tensor cores lie in shared memory, and how they get there. A stretch is 128 bytes
// of k of `kLines` rows of A or columns of B, in rows as memory has them: along k, or along the
// lines. Runs of 16 bytes change places within a row by its number, so that what a warp stores or
// reads at once lies in different banks.
#pragma once

#include <bit>

#include "gemm_tile.h"
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
  static constexpr int kElements = kLines * kDeep;
  // Matrices of 16-byte rows are read whole, or, floats across k, one by one.
  static constexpr bool kWhole = kAlongK || kIsHalf<Factor>;

  __device__ static int at(int line, int deep) {
    const int row = kAlongK ? line : deep, along = kAlongK ? deep : line;
    const int turn = kWhole ? row & 7 : (row & 3) << 1;
    return row * kRow + (along / kWide ^ turn) * kWide + along % kWide;
  }

  // Of two blocks of 8 lines by two of kWide steps from (line, deep) on, that of lines that follow
  // before that of steps where kLinesFirst: a fragment of A, or two of B.
  template <bool kLinesFirst>
  __device__ static void read(const Factor* from, int line, int deep, uint32_t (&to)[4]) {
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    if constexpr (kWhole) {
      const int q = lane / 8, r = lane % 8;
      line += (kLinesFirst ? q % 2 : q / 2) * 8 + (kAlongK ? r : 0);
      deep += (kLinesFirst ? q / 2 : q % 2) * kWide + (kAlongK ? 0 : r);
      load_matrices<!kAlongK>(to, from + at(line, deep));
    } else {
      const int g = lane / 4, t = lane % 4;
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int lines = kLinesFirst ? e % 2 : e / 2, steps = kLinesFirst ? e / 2 : e % 2;
        to[e] = std::bit_cast<uint32_t>(from[at(line + lines * 8 + g, deep + steps * kWide + t)]);
      }
    }
    if constexpr (!kIsHalf<Factor>)
#pragma unroll
      for (uint32_t& bits : to) bits = to_tf32(std::bit_cast<float>(bits));
  }
};

// What a thread carries of an operand into its stretches: runs of the same lines every time, so
// that what is known of a line (the position it stands for) is found once.
template <class S, int kThreads, class Line>
class Carrier {
 public:
  using Factor = typename S::Factor;

  // line_of(i) for lines below `lines`.
  template <class F>
  __device__ void begin(int64_t lines, const F& line_of) {
    lines_ = lines;
#pragma unroll
    for (int i = 0; i < kHeld; ++i) line_[i] = line_at(i) < lines ? line_of(line_at(i)) : Line{};
  }

  // Begins to load a stretch of which `depth` steps are there; zeros elsewhere.
  template <class F, class G>
  __device__ void load_runs(Factor* to, int64_t depth, const F& deep_of, const G& meet) const {
    using Deep = decltype(deep_of(0));
    if constexpr (S::kAlongK) {
      const int deep = static_cast<int>(threadIdx.x) % 8 * S::kWide;
      const Deep at = deep < depth ? deep_of(deep) : Deep{};
#pragma unroll
      for (int i = 0; i < kRuns; ++i)
        put(to + S::at(line_at(i), deep),
            line_at(i) < lines_ && deep < depth ? meet(line_[i], at) : Element<Factor>{nullptr});
    } else {
      const int line = line_at(0), first = static_cast<int>(threadIdx.x) / kPerRow;
#pragma unroll
      for (int i = 0; i < kRuns; ++i) {
        const int deep = first + i * (kThreads / kPerRow);
        put(to + S::at(line, deep), line < lines_ && deep < depth ? meet(line_[0], deep_of(deep))
                                                                  : Element<Factor>{nullptr});
      }
    }
  }

  // The same element by element, where runs do not lie at multiples of 16 bytes.
  template <class L, class F, class G>
  __device__ void load_singles(Factor* to, int64_t depth, const L& line_of, const F& deep_of,
                               const G& meet) const {
    for (int e = static_cast<int>(threadIdx.x); e < S::kElements; e += kThreads) {
      const int line = S::kAlongK ? e / S::kRow : e % S::kRow;
      const int deep = S::kAlongK ? e % S::kRow : e / S::kRow;
      const Element<Factor> found = line < lines_ && deep < depth
                                        ? meet(line_of(line), deep_of(deep))
                                        : Element<Factor>{nullptr};
      Factor* place = to + S::at(line, deep);
      if constexpr (sizeof(Factor) == 4) {
        if (found.at) {
          copy_later<4>(place, found.at);
          continue;
        }
      }
      *place = found.get();
    }
  }

 private:
  struct alignas(16) Run {
    Factor of[S::kWide];
  };
  static constexpr int kPerRow = S::kRow / S::kWide;  // runs
  static constexpr int kRuns = S::kElements / S::kWide / kThreads;
  static constexpr int kHeld = S::kAlongK ? kRuns : 1;
  static_assert(kThreads % kPerRow == 0 && kRuns >= 1);

  __device__ static int line_at(int i) {
    const int thread = static_cast<int>(threadIdx.x);
    return S::kAlongK ? thread / 8 + i * (kThreads / 8) : thread % kPerRow * S::kWide;
  }

  __device__ static void put(Factor* place, const Element<Factor>& found) {
    if (found.one) {  // what follows it in the run lies beyond the product
      Run run{};
      run.of[0] = found.get();
      *reinterpret_cast<Run*>(place) = run;
    } else {
      copy_later_or_clear(place, found.at);
    }
  }

  Line line_[kHeld];
  int64_t lines_ = 0;
};

}  // namespace kn::cuda
