// What a warp keeps of a recurrent kernel for a whole sequence, in its registers: 16 rows of kF
// fragments of 8 columns. Its product with 8 rows of the batch, x (columns, 8) in shared memory:
// line(row)[0..8) for each of the 16. On tensor cores, or in float32.
#pragma once

#include "each.h"
#include "tensor_core.h"

namespace kn::cuda {

inline constexpr int kShareRows = 16, kFragment = 8;  // rows of a share; columns of a fragment
inline constexpr int kBatchTile = 8;                  // rows of the batch

// In TF32: the lanes read x without conflicts, two chains of fragments hide each other's latency.
template <int kF>
class TensorShare {
 public:
  static constexpr int kFragments = kF;

  template <class At>
  __device__ void load(At at) {
#pragma unroll
    for (int f = 0; f < kF; ++f)
#pragma unroll
      for (int e = 0; e < 4; ++e)
        w_[f][e] = to_tf32(at(group() + e % 2 * 8, f * kFragment + within() + e / 2 * 4));
  }

  // x as the product sees it.
  __device__ static float rounded(float x) { return std::bit_cast<float>(to_tf32(x)); }

  // Fragments from `from` to `to` only, both even, where not all are wanted.
  template <bool kAll, class Line>
  __device__ void multiply(const float* x, int from, int to, Line line) const {
    float d[2][4] = {};
    const float* own = x + within() * kBatchTile + group();
#pragma unroll
    for (int f = 0; f < kF; f += 2) {
      if (!kAll && (f < from || f >= to)) continue;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float* at = own + (f + i) * kFragment * kBatchTile;
        const uint32_t b[2] = {std::bit_cast<uint32_t>(at[0]),
                               std::bit_cast<uint32_t>(at[4 * kBatchTile])};
        multiply_tf32(d[i], w_[f + i], b);
      }
    }
    for (int half = 0; half < 2; ++half) {
      float* to_line = line(group() + half * 8);
      if (!to_line) continue;
      const int e = 2 * half;
      *reinterpret_cast<float2*>(to_line + 2 * within()) =
          float2{d[0][e] + d[1][e], d[0][e + 1] + d[1][e + 1]};
    }
  }

 private:
  __device__ static int group() { return static_cast<int>(threadIdx.x) % kWarp / 4; }
  __device__ static int within() { return static_cast<int>(threadIdx.x) % 4; }

  uint32_t w_[kF][4];
};

// In float32: a lane has a row and every other four columns; both lanes of a row join their sums.
template <int kF>
class ScalarShare {
 public:
  static constexpr int kFragments = kF;

  template <class At>
  __device__ void load(At at) {
#pragma unroll
    for (int f = 0; f < kF; ++f)
#pragma unroll
      for (int i = 0; i < 4; ++i) w_[f][i] = at(row(), f * kFragment + half() * 4 + i);
  }

  __device__ static float rounded(float x) { return x; }

  template <bool kAll, class Line>
  __device__ void multiply(const float* x, int from, int to, Line line) const {
    float sum[kBatchTile] = {};
#pragma unroll
    for (int f = 0; f < kF; ++f) {
      if (!kAll && (f < from || f >= to)) continue;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const auto* at =
            reinterpret_cast<const float4*>(x + (f * kFragment + half() * 4 + i) * kBatchTile);
        const float4 a = at[0], b = at[1];
        const float w = w_[f][i];
        sum[0] += w * a.x, sum[1] += w * a.y, sum[2] += w * a.z, sum[3] += w * a.w;
        sum[4] += w * b.x, sum[5] += w * b.y, sum[6] += w * b.z, sum[7] += w * b.w;
      }
    }
    for (float& s : sum) s += __shfl_xor_sync(kFullMask, s, 16);
    float* to_line = line(row());
    if (!to_line) return;
    const int e = 4 * half();
    *reinterpret_cast<float4*>(to_line + e) =
        half() ? float4{sum[4], sum[5], sum[6], sum[7]} : float4{sum[0], sum[1], sum[2], sum[3]};
  }

 private:
  __device__ static int row() { return static_cast<int>(threadIdx.x) % kShareRows; }
  __device__ static int half() { return static_cast<int>(threadIdx.x) % kWarp / kShareRows; }

  float w_[kF][4];
};

}  // namespace kn::cuda
