// The simplest kernel: f(i) for every i in [0, n), in no order. And warps that take rows.
#pragma once

#include <algorithm>
#include <cstring>

#include "run.h"

namespace kn::cuda {

inline constexpr int kEachThreads = 256;
inline constexpr int64_t kMostBlocks = 8192;

template <class F>
__global__ void __launch_bounds__(kEachThreads) each_kernel(F f, int64_t n) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    f(i);
}

template <class F>
void each(cudaStream_t stream, int64_t n, const F& f) {
  if (n <= 0) return;
  const int64_t blocks = std::min((n + kEachThreads - 1) / kEachThreads, kMostBlocks);
  launch(each_kernel<F>, dim3(static_cast<unsigned>(blocks)), dim3(kEachThreads), 0, stream, f, n);
}

template <class F>
void each(const RunArgs& args, int64_t n, const F& f) {
  each(stream_of(args), n, f);
}

// f(row, lane) by all 32 lanes of a warp, for every row in [0, rows): lanes may shuffle.
inline constexpr int kWarpsPerBlock = 4;

template <class F>
__global__ void __launch_bounds__(kWarpsPerBlock* kWarp) warps_kernel(F f, int64_t rows) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kWarpsPerBlock;
  for (int64_t row = static_cast<int64_t>(blockIdx.x) * kWarpsPerBlock + threadIdx.x / kWarp;
       row < rows; row += step)
    f(row, lane);
}

template <class F>
void each_by_warp(const RunArgs& args, int64_t rows, const F& f) {
  if (rows <= 0) return;
  const int64_t blocks = std::min((rows + kWarpsPerBlock - 1) / kWarpsPerBlock, kMostBlocks);
  launch(warps_kernel<F>, dim3(static_cast<unsigned>(blocks)), dim3(kWarpsPerBlock * kWarp), 0,
         stream_of(args), f, rows);
}

// `value` as another lane has it.
template <class V>
__device__ V from_lane(const V& value, int lane) {
  constexpr int kWords = (sizeof(V) + 3) / 4;
  uint32_t words[kWords] = {};
  memcpy(words, &value, sizeof(V));
  for (uint32_t& word : words) word = __shfl_sync(kFullMask, word, lane);
  V result;
  memcpy(&result, words, sizeof(V));
  return result;
}

// The same result in all lanes, added in a fixed order.
template <class T, class Join>
__device__ T join_lanes(T value, Join join) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2)
    value = join(value, __shfl_xor_sync(kFullMask, value, offset));
  return value;
}

struct Add {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

// A NaN of either side stays.
struct Larger {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};

struct Smaller {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};

}  // namespace kn::cuda
