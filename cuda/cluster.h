// Blocks that run side by side and reach into each other's shared memory (clusters, compute
// capability 9.0 on). With launch.h and tensor_core.h one of the places that know whether a file is
// compiled for a GPU or as plain C++ for the host stand-in.
#pragma once

#include <cstdint>

#include "launch.h"

namespace kn::cuda {

inline constexpr int kMostOfCluster = 8;  // blocks, on any device that has clusters

#if defined(__CUDACC__)

// `grid.x` is a multiple of `cluster`; where that is 1, any device will do.
template <class... Parameters, class... Arguments>
void launch_clusters(void (*kernel)(Parameters...), unsigned cluster, dim3 grid, dim3 block,
                     size_t shared_bytes, cudaStream_t stream, const Arguments&... arguments) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = cluster;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = cluster > 1 ? 1 : 0;
  (void)cudaLaunchKernelEx(&config, kernel, arguments...);
}

// The number of this block within its cluster.
__device__ inline unsigned cluster_rank() {
  unsigned rank = 0;
#if __CUDA_ARCH__ >= 900
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
#endif
  return rank;
}

// All threads of all blocks of the cluster; what was written to shared memory before is seen after.
__device__ inline void cluster_barrier() {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "barrier.cluster.arrive.release.aligned;\n"
      "barrier.cluster.wait.acquire.aligned;" ::
          : "memory");
#endif
}

// Where `mine`, in dynamic shared memory, lies in that of block `rank` of the cluster.
template <class T>
__device__ T* map_shared(T* mine, [[maybe_unused]] unsigned rank) {
#if __CUDA_ARCH__ >= 900
  uint64_t there;
  asm("mapa.u64 %0, %1, %2;" : "=l"(there) : "l"(mine), "r"(rank));
  return reinterpret_cast<T*>(there);
#else
  return mine;
#endif
}

#else

using stand_in::launch_clusters;

inline unsigned cluster_rank() { return stand_in::place->rank; }

inline void cluster_barrier(std::source_location where = std::source_location::current()) {
  stand_in::cluster_barrier(where);
}

template <class T>
T* map_shared(T* mine, unsigned rank,
              std::source_location where = std::source_location::current()) {
  return static_cast<T*>(stand_in::map_shared(mine, rank, where));
}

#endif

}  // namespace kn::cuda
