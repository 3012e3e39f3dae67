#include "cpu/isa/random.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec_pieces.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kn::cpu {
namespace {

// The product of the low halves of 64-bit lanes: one instruction, which GCC does not find from
// (a & mask) * (b & mask).
KN_INLINE VecQ multiply_low(VecQ a, VecQ b) {
#if defined(__AVX512F__)
  return (VecQ)_mm512_maskz_mul_epu32(0xFF, (__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (VecQ)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__x86_64__)
  return (VecQ)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
  constexpr uint64_t kLow = 0xFFFFFFFFu;
  return (a & kLow) * (b & kLow);
#endif
}

KN_INLINE VecQ splat(uint64_t x) { return x - VecQ{}; }

constexpr int kBlocks = kVecBytes / 8;  // Philox blocks per vector, one in each 64-bit lane
constexpr int kSets = 4;                // vectors at once, to hide the latency of products
constexpr int kWords = kSets * kBlocks * 4;

// kWords words from block `first` on. Lanes hold 32-bit words; their upper halves hold anything
// between rounds, for products ignore them. Lane 2 l works on block l and lane 2 l + 1 on block
// l + kPieces, so that interleaving within pieces leaves the blocks in order.
KN_INLINE void make_words(uint64_t seed, uint64_t step, uint64_t first, uint32_t* out) {
  VecQ c0[kSets], c1[kSets], c2[kSets], c3[kSets];
  for (int s = 0; s < kSets; ++s) {
    VecQ block;
    for (int lane = 0; lane < kBlocks; ++lane)
      block[lane] = static_cast<uint64_t>(s * kBlocks + lane / 2 + (lane % 2) * kPieces);
    block += splat(first);
    c0[s] = block;
    c1[s] = block >> 32;
    c2[s] = splat(step);
    c3[s] = splat(step >> 32);
  }
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const VecQ key0 = splat(uint64_t{k0}), key1 = splat(uint64_t{k1});
    for (int s = 0; s < kSets; ++s) {
      const VecQ p0 = multiply_low(c0[s], splat(uint64_t{0xD2511F53u}));
      const VecQ p1 = multiply_low(c2[s], splat(uint64_t{0xCD9E8D57u}));
      c0[s] = (p1 >> 32) ^ c1[s] ^ key0;
      c2[s] = (p0 >> 32) ^ c3[s] ^ key1;
      c1[s] = p1;
      c3[s] = p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int s = 0; s < kSets; ++s) {
    const VecQ low = (c0[s] & 0xFFFFFFFFu) | (c1[s] << 32);
    const VecQ high = (c2[s] & 0xFFFFFFFFu) | (c3[s] << 32);
    uint32_t* at = out + s * kBlocks * 4;
    *(VecQu*)at = low_8(low, high);
    *(VecQu*)(at + kBlocks * 2) = high_8(low, high);
  }
}

void words(uint64_t seed, uint64_t step, uint64_t block, uint32_t* out, int64_t n) {
  for (; n >= kWords; n -= kWords, out += kWords, block += kWords / 4)
    make_words(seed, step, block, out);
  if (n <= 0) return;
  uint32_t rest[kWords];
  make_words(seed, step, block, rest);
  for (int64_t i = 0; i < n; ++i) out[i] = rest[i];
}

void uniform(const uint32_t* words, float low, float span, float most, float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float u = static_cast<float>(static_cast<int32_t>(words[i] >> 8)) * 0x1p-24f;
    const float x = low + span * u;
    out[i] = x < most ? x : most;
  }
}

// The formulas of runtime/draw.h, operation by operation.
KN_INLINE float log_float(float x) {
  const int32_t bits = __builtin_bit_cast(int32_t, x), above = bits - 0x3F3504F3;
  const int32_t exponent = above >> 23;
  const float e = static_cast<float>(exponent);
  const float f = __builtin_bit_cast(float, bits - exponent * (1 << 23)) - 1.0f;
  const float square = f * f;
  float p = 7.0376836292e-2f;
  p = p * f + -1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f + -1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f + -1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f + -2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  float y = f * square * p;
  y = y + e * -2.12194440e-4f;
  y = y - 0.5f * square;
  return (f + y) + e * 0.693359375f;
}

KN_INLINE float normal_quantile(float x) {
  const float w = -log_float((1.0f - x) * (1.0f + x));
  const float c = w - 2.5f, t = __builtin_sqrtf(w) - 3.0f;
  float near = 2.81022636e-08f;
  near = near * c + 3.43273939e-07f;
  near = near * c + -3.5233877e-06f;
  near = near * c + -4.39150654e-06f;
  near = near * c + 0.00021858087f;
  near = near * c + -0.00125372503f;
  near = near * c + -0.00417768164f;
  near = near * c + 0.246640727f;
  near = near * c + 1.50140941f;
  float far = -0.000200214257f;
  far = far * t + 0.000100950558f;
  far = far * t + 0.00134934322f;
  far = far * t + -0.00367342844f;
  far = far * t + 0.00573950773f;
  far = far * t + -0.0076224613f;
  far = far * t + 0.00943887047f;
  far = far * t + 1.00167406f;
  far = far * t + 2.83297682f;
  const float p = w < 5.0f ? near : far;
  return p * x * 1.41421356f;
}

void normal(const uint32_t* words, float mean, float stddev, float factor, float limit, float* out,
            int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float upper = static_cast<float>(static_cast<int32_t>(words[i] >> 8));
    const float x = (upper - 0x1p23f) * 0x1p-23f + 0x1p-24f;
    const float z = normal_quantile(factor * x);
    const float above = z > -limit ? z : -limit;
    out[i] = mean + stddev * (above < limit ? above : limit);
  }
}

void bernoulli(const uint32_t* words, uint32_t last, float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = words[i] <= last ? 1.0f : 0.0f;
}

template <class T>
void dropout(const uint32_t* words, uint32_t first, T scale, const T* x, T* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const T scaled = x[i] * scale;
    out[i] = words[i] >= first ? scaled : T{0};
  }
}

}  // namespace

KN_FILL(random) {
  table.random.words = words;
  table.random.uniform = uniform;
  table.random.normal = normal;
  table.random.bernoulli = bernoulli;
  table.random.dropout_f32 = dropout<float>;
  table.random.dropout_f64 = dropout<double>;
}

}  // namespace kn::cpu
