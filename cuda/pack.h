// As many elements as a thread moves at once: 16 bytes, where they begin at a multiple of 16.
#pragma once

#include <cstdint>

#include "launch.h"

namespace kn::cuda {

template <class T>
struct alignas(16) Pack {
  static constexpr int kMany = 16 / sizeof(T);
  T v[kMany];
};

inline constexpr int kPackBytes = 16;

__host__ __device__ inline bool in_packs(const void* at) {
  return reinterpret_cast<uintptr_t>(at) % kPackBytes == 0;
}

template <class T>
__device__ Pack<T> load_pack(const T* at) {
  return *reinterpret_cast<const Pack<T>*>(at);
}
template <class T>
__device__ void store_pack(T* at, const Pack<T>& pack) {
  *reinterpret_cast<Pack<T>*>(at) = pack;
}

}  // namespace kn::cuda
