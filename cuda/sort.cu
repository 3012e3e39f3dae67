// Four bits at a time: count the digits of each tile, add the counts up over digits and tiles, put
// each element where it belongs. Within a tile elements keep their order, so the sort is stable and
// its result does not depend on which block is faster.
#include "sort.h"

namespace kn::cuda {

namespace {

constexpr int kThreads = 256, kRounds = 4, kTile = kThreads * kRounds;
constexpr int kBits = 4, kDigits = 1 << kBits, kWarps = kThreads / kWarp;

struct Pass {
  const uint32_t *keys, *values;
  uint32_t *to_keys, *to_values;
  uint32_t* counts;  // (digits, tiles)
  int64_t n, tiles;
  int shift;
  __device__ int digit(int64_t i) const {
    return static_cast<int>(keys[i] >> shift & (kDigits - 1));
  }
};

__global__ void __launch_bounds__(kThreads) count_kernel(Pass p) {
  __shared__ uint32_t count[kDigits];
  const int thread = static_cast<int>(threadIdx.x);
  if (thread < kDigits) count[thread] = 0;
  __syncthreads();
  for (int round = 0; round < kRounds; ++round) {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * kTile + round * kThreads + thread;
    if (i < p.n) atomicAdd(&count[p.digit(i)], 1u);
  }
  __syncthreads();
  if (thread < kDigits) p.counts[thread * p.tiles + blockIdx.x] = count[thread];
}

// Counts become the number of elements before: one block, each thread a stretch.
__global__ void __launch_bounds__(kThreads) scan_kernel(uint32_t* counts, int64_t n) {
  __shared__ uint32_t sums[kThreads];
  const int thread = static_cast<int>(threadIdx.x);
  const int64_t from = n * thread / kThreads, to = n * (thread + 1) / kThreads;
  uint32_t sum = 0;
  for (int64_t i = from; i < to; ++i) sum += counts[i];
  sums[thread] = sum;
  for (int step = 1; step < kThreads; step *= 2) {
    __syncthreads();
    const uint32_t before = thread >= step ? sums[thread - step] : 0;
    __syncthreads();
    sums[thread] += before;
  }
  uint32_t so_far = sums[thread] - sum;
  for (int64_t i = from; i < to; ++i) {
    const uint32_t count = counts[i];
    counts[i] = so_far;
    so_far += count;
  }
}

__global__ void __launch_bounds__(kThreads) place_kernel(Pass p) {
  __shared__ uint32_t next[kDigits], in_warp[kWarps][kDigits];
  const int thread = static_cast<int>(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp;
  if (thread < kDigits) next[thread] = p.counts[thread * p.tiles + blockIdx.x];
  for (int round = 0; round < kRounds; ++round) {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * kTile + round * kThreads + thread;
    const bool there = i < p.n;
    const int digit = there ? p.digit(i) : 0;
    unsigned equals = __ballot_sync(kFullMask, there);
    for (int bit = 0; bit < kBits; ++bit) {
      const unsigned set = __ballot_sync(kFullMask, digit >> bit & 1);
      equals &= digit >> bit & 1 ? set : ~set;
    }
    const auto before = static_cast<uint32_t>(__popc(equals & ((1u << lane) - 1)));
    if (lane < kDigits) in_warp[warp][lane] = 0;
    __syncwarp();
    if (there && before == 0) in_warp[warp][digit] = static_cast<uint32_t>(__popc(equals));
    __syncthreads();
    if (there) {
      uint32_t to = next[digit] + before;
      for (int w = 0; w < warp; ++w) to += in_warp[w][digit];
      p.to_keys[to] = p.keys[i];
      p.to_values[to] = p.values[i];
    }
    __syncthreads();
    if (thread < kDigits)
      for (int w = 0; w < kWarps; ++w) next[thread] += in_warp[w][thread];
    __syncthreads();
  }
}

}  // namespace

RadixSort::RadixSort(int64_t n, uint64_t bound) : n_(n), tiles_((n + kTile - 1) / kTile) {
  while (bound > 1 && passes_ * kBits < 32 && (bound - 1) >> (passes_ * kBits) != 0) ++passes_;
}

size_t RadixSort::workspace_bytes() const {
  return static_cast<size_t>(4 * n_ + kDigits * tiles_) * sizeof(uint32_t);
}

RadixSort::Lists RadixSort::lists(void* workspace, int which) const {
  auto* first = static_cast<uint32_t*>(workspace) + which * 2 * n_;
  return {first, first + n_};
}

void RadixSort::run(const RunArgs& args, void* workspace) const {
  if (n_ == 0) return;
  auto* counts = static_cast<uint32_t*>(workspace) + 4 * n_;
  const dim3 tiles(static_cast<unsigned>(tiles_)), threads(kThreads);
  for (int pass = 0; pass < passes_; ++pass) {
    const Lists from = lists(workspace, pass % 2), to = lists(workspace, (pass + 1) % 2);
    const Pass p{from.keys, from.values, to.keys, to.values, counts, n_, tiles_, pass * kBits};
    launch(count_kernel, tiles, threads, 0, stream_of(args), p);
    launch(scan_kernel, dim3(1), threads, 0, stream_of(args), counts, kDigits * tiles_);
    launch(place_kernel, tiles, threads, 0, stream_of(args), p);
  }
}

}  // namespace kn::cuda
