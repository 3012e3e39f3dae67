// The runtime API of the stand-in: device memory is a region of its own that only kernels and
// copies may touch, streams do their work at once, graphs are lists of work.
#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "cuda_runtime.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define STAND_IN_POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define STAND_IN_UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define STAND_IN_POISON(p, n) (void)(p)
#define STAND_IN_UNPOISON(p, n) (void)(p)
#endif

namespace stand_in {

struct Graph {
  std::vector<std::function<void()>> work;
};

struct Stream {
  Graph* capturing = nullptr;
};

namespace {

constexpr size_t kRegion = size_t{1} << 30, kAlignment = 256;

// Blocks of the region by offset; each is followed by bytes that nobody may touch.
class DeviceMemory {
 public:
  DeviceMemory() {
    void* region =
        mmap(nullptr, kRegion, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<char*>(region);
    STAND_IN_POISON(base_, kRegion);
  }

  void* allocate(size_t bytes) {
    std::lock_guard<std::mutex> hold(lock_);
    const size_t wanted = (bytes + kAlignment) / kAlignment * kAlignment;
    if (used_ + bytes > limit_) return nullptr;
    size_t at = 0;
    for (const auto& [from, size] : blocks_) {
      if (from - at >= wanted) break;
      at = from + (size + kAlignment) / kAlignment * kAlignment;
    }
    if (at + wanted > kRegion) return nullptr;
    blocks_[at] = bytes;
    used_ += bytes;
    high_ = std::max(high_, (at + wanted + 4095) / 4096 * 4096);
    char* memory = base_ + at;
    if (open_ > 0) mprotect(base_, high_, PROT_READ | PROT_WRITE);
    STAND_IN_UNPOISON(memory, bytes);
    return memory;
  }

  bool release(void* memory) {
    std::lock_guard<std::mutex> hold(lock_);
    const auto block = blocks_.find(static_cast<size_t>(static_cast<char*>(memory) - base_));
    if (block == blocks_.end()) return false;
    used_ -= block->second;
    STAND_IN_POISON(memory, block->second);
    blocks_.erase(block);
    return true;
  }

  // Whether [p, p + bytes) lies within one block.
  bool owns(const void* p, size_t bytes) {
    std::lock_guard<std::mutex> hold(lock_);
    const char* at = static_cast<const char*>(p);
    if (at < base_ || at >= base_ + kRegion) return false;
    const auto offset = static_cast<size_t>(at - base_);
    auto block = blocks_.upper_bound(offset);
    if (block == blocks_.begin()) return false;
    --block;
    return offset + bytes <= block->first + block->second;
  }

  void open() {
    std::lock_guard<std::mutex> hold(lock_);
    if (open_++ == 0) mprotect(base_, high_, PROT_READ | PROT_WRITE);
  }
  void close() {
    std::lock_guard<std::mutex> hold(lock_);
    if (--open_ == 0) mprotect(base_, high_, PROT_NONE);
  }

  void set_limit(size_t bytes) { limit_ = bytes; }
  size_t limit() const { return limit_; }
  size_t used() const { return used_; }

 private:
  std::mutex lock_;
  char* base_;
  std::map<size_t, size_t> blocks_;
  size_t used_ = 0, limit_ = kRegion, high_ = 4096;
  int open_ = 0;
};

DeviceMemory& memory() {
  static auto* instance = new DeviceMemory;
  return *instance;
}

size_t launched_graphs = 0;
thread_local cudaError_t last_error = cudaSuccess;

cudaError_t failed(cudaError_t error) { return last_error = error; }

struct Opened {
  Opened() { memory().open(); }
  ~Opened() { memory().close(); }
};

}  // namespace

void run_on_device(const std::function<void()>& work) {
  const Opened opened;
  work();
}

void put(cudaStream_t stream, std::function<void()> work) {
  if (stream && stream->capturing) stream->capturing->work.push_back(std::move(work));
  else run_on_device(work);
}

void set_device_memory(size_t bytes) { memory().set_limit(bytes); }
size_t graph_launches() { return launched_graphs; }

}  // namespace stand_in

using stand_in::failed;
using stand_in::memory;

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
    default: return "cudaErrorInvalidValue";
  }
}

const char* cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }

cudaError_t cudaGetLastError() { return std::exchange(stand_in::last_error, cudaSuccess); }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  if (device != 0) return failed(cudaErrorInvalidValue);
  *p = {};
  std::snprintf(p->name, sizeof p->name, "stand-in for a GPU");
  p->totalGlobalMem = memory().limit();
  p->major = 9;
  p->multiProcessorCount = 4;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : failed(cudaErrorInvalidValue);
}

cudaError_t cudaMalloc(void** at, size_t bytes) {
  *at = memory().allocate(bytes);
  if (!*at) return failed(cudaErrorMemoryAllocation);
  stand_in::run_on_device([&] { std::memset(*at, 0xC9, bytes); });
  return cudaSuccess;
}

cudaError_t cudaFree(void* at) {
  return !at || memory().release(at) ? cudaSuccess : failed(cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *total = memory().limit();
  *free = *total - memory().used();
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** at, size_t bytes, unsigned) {
  *at = ::operator new(bytes);
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* at) {
  ::operator delete(at);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const bool to_device = kind != cudaMemcpyDeviceToHost;
  const bool from_device = kind != cudaMemcpyHostToDevice;
  if (memory().owns(to, bytes) != to_device || memory().owns(from, bytes) != from_device)
    return failed(cudaErrorInvalidValue);
  stand_in::put(stream, [=] { std::memmove(to, from, bytes); });
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  if (!memory().owns(to, bytes)) return failed(cudaErrorInvalidValue);
  stand_in::put(stream, [=] { std::memset(to, value, bytes); });
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new stand_in::Stream;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return stream && stream->capturing ? failed(cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (!stream || stream->capturing) return failed(cudaErrorInvalidValue);
  stream->capturing = new stand_in::Graph;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = std::exchange(stream->capturing, nullptr);
  return *graph ? cudaSuccess : failed(cudaErrorInvalidValue);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = new stand_in::Graph(*graph);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  ++stand_in::launched_graphs;
  for (const auto& work : exec->work) stand_in::put(stream, work);
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
  stand_in::put(stream, [=] { function(argument); });
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}
