// Stands in for NVIDIA's header of that name when the .cu files are compiled as plain C++: the
// words of the device language that they use, and the part of the runtime API that the device layer
// uses, over ordinary memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include "grid.h"

// ---- The device language ----

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)
#define __grid_constant__

#define threadIdx (::stand_in::place->thread)
#define blockIdx (::stand_in::place->block)
#define blockDim (::stand_in::place->block_size)
#define gridDim (::stand_in::place->grid_size)

struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) double2 {
  double x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

inline void __syncthreads(std::source_location where = std::source_location::current()) {
  stand_in::block_barrier(where);
}

inline void __syncwarp(unsigned mask = ~0u,
                       std::source_location where = std::source_location::current()) {
  stand_in::meet(stand_in::Exchange::sync, mask, 0, 0, where);
}

namespace stand_in {

template <class T>
T shuffle(unsigned mask, T value, int source, std::source_location where) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  bits = meet(Exchange::shuffle, mask, bits, source, where);
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}

inline int lane() {
  const Place& p = *place;
  return static_cast<int>(
      (p.thread.x + p.block_size.x * (p.thread.y + p.block_size.y * p.thread.z)) % 32);
}

}  // namespace stand_in

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int = 32,
              std::source_location where = std::source_location::current()) {
  return stand_in::shuffle(mask, value, source & 31, where);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int = 32,
                  std::source_location where = std::source_location::current()) {
  return stand_in::shuffle(mask, value, stand_in::lane() ^ bits, where);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int = 32,
                   std::source_location where = std::source_location::current()) {
  const int from = stand_in::lane() + static_cast<int>(by);
  return stand_in::shuffle(mask, value, from < 32 ? from : stand_in::lane(), where);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int = 32,
                 std::source_location where = std::source_location::current()) {
  const int from = stand_in::lane() - static_cast<int>(by);
  return stand_in::shuffle(mask, value, from >= 0 ? from : stand_in::lane(), where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              std::source_location where = std::source_location::current()) {
  return static_cast<unsigned>(
      stand_in::meet(stand_in::Exchange::ballot, mask, predicate != 0, 0, where));
}

inline int __any_sync(unsigned mask, int predicate,
                      std::source_location where = std::source_location::current()) {
  return __ballot_sync(mask, predicate, where) != 0;
}

inline int __all_sync(unsigned mask, int predicate,
                      std::source_location where = std::source_location::current()) {
  return __ballot_sync(mask, predicate, where) == mask;
}

inline int __popc(unsigned x) { return std::popcount(x); }

// One thread of the CPU runs all: these are atomic already.
template <class T>
T atomicAdd(T* at, std::type_identity_t<T> value) {
  const T before = *at;
  *at = static_cast<T>(before + value);
  return before;
}
template <class T>
T atomicExch(T* at, std::type_identity_t<T> value) {
  return std::exchange(*at, value);
}
template <class T>
T atomicCAS(T* at, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  const T before = *at;
  if (before == expected) *at = value;
  return before;
}
inline void __threadfence() {}

// ---- The runtime API ----

#define CUDART_VERSION 13000

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorStreamCaptureUnsupported = 900,
};
enum cudaMemcpyKind {
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDeviceToDevice = 3,
};
enum cudaStreamCaptureMode { cudaStreamCaptureModeRelaxed = 2 };
enum cudaDriverEntryPointQueryResult {
  cudaDriverEntryPointSuccess = 0,
  cudaDriverEntryPointSymbolNotFound = 1,
};
inline constexpr unsigned long long cudaEnableDefault = 0;
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
inline constexpr unsigned cudaStreamNonBlocking = 1, cudaHostAllocDefault = 0;
inline constexpr unsigned cudaEventDisableTiming = 2;

namespace stand_in {
struct Stream;
struct Event;
struct Graph;
}  // namespace stand_in
using cudaStream_t = stand_in::Stream*;
using cudaEvent_t = stand_in::Event*;
using cudaGraph_t = stand_in::Graph*;
using cudaGraphExec_t = stand_in::Graph*;

struct cudaDeviceProp {
  char name[256];
  size_t totalGlobalMem;
  int major, minor, multiProcessorCount;
  size_t sharedMemPerBlockOptin;
};

const char* cudaGetErrorString(cudaError_t error);
const char* cudaGetErrorName(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaMalloc(void** memory, size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);
cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned flags);
cudaError_t cudaFreeHost(void* memory);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph,
                                 unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
using cudaHostFn_t = void (*)(void* argument);
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);
cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned version,
                                             unsigned long long flags,
                                             cudaDriverEntryPointQueryResult* result);

namespace stand_in {

// Puts `work` behind what the stream is to do; where the stream is being captured, whenever the
// graph is launched. Without a stream it is done now.
void put(cudaStream_t stream, std::function<void()> work);
// When streams do what they are to do: at once; no sooner than somebody waits for it; or, drawn by
// chance, now some of this stream and now of that. All of them are what hardware may do.
enum class Pace { at_once, late, any };
void set_pace(Pace pace, unsigned seed = 0);
// Waits for all streams.
void finish_all();
// Device memory can be touched by kernels and copies only.
void run_on_device(const std::function<void()>& work);
// From now on allocations past so many bytes fail.
void set_device_memory(size_t bytes);
size_t graph_launches();

// As much as a kernel may have without asking.
inline constexpr size_t kSharedUnasked = 48 << 10;
// Of kernels that have asked for more.
size_t& shared_limit_of(const void* kernel);

// An error of the kernel's author where the hardware has less: the runtime would refuse it, and the
// next call that looks would report it.
template <class... Parameters>
void allow_shared(void (*kernel)(Parameters...), size_t bytes) {
  if (bytes > kMostShared)
    throw ExecutionError("a kernel asks for more shared memory than there is");
  shared_limit_of(reinterpret_cast<const void*>(kernel)) = bytes;
}

// kernel<<<grid, block, shared_bytes, stream>>>(arguments…), in clusters of so many blocks.
template <class... Parameters, class... Arguments>
void launch_clusters(void (*kernel)(Parameters...), unsigned cluster, dim3 grid, dim3 block,
                     size_t shared_bytes, cudaStream_t stream, const Arguments&... arguments) {
  static_assert((sizeof(Parameters) + ... + 0) <= 32764, "parameters of a kernel are limited");
  static_assert((std::is_trivially_copyable_v<std::decay_t<Parameters>> && ...),
                "parameters are copied to the device byte by byte");
  if (shared_bytes > kSharedUnasked &&
      shared_bytes > shared_limit_of(reinterpret_cast<const void*>(kernel)))
    throw ExecutionError("a kernel gets more dynamic shared memory than it was allowed");
  std::tuple<std::decay_t<Parameters>...> copies(arguments...);
  put(stream,
      [=] { run_grid(grid, block, shared_bytes, [&] { std::apply(kernel, copies); }, cluster); });
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
            cudaStream_t stream, const Arguments&... arguments) {
  launch_clusters(kernel, 1, grid, block, shared_bytes, stream, arguments...);
}

}  // namespace stand_in
