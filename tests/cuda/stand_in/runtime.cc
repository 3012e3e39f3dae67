// The runtime API of the stand-in, memory: device memory is a region of its own that only kernels
// and copies may touch.
#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "streams.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define STAND_IN_POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define STAND_IN_UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define STAND_IN_POISON(p, n) (void)(p)
#define STAND_IN_UNPOISON(p, n) (void)(p)
#endif

namespace stand_in {

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

thread_local cudaError_t last_error = cudaSuccess;

// Host memory that the device copies from and to by itself.
class Pinned {
 public:
  void add(void* at, size_t bytes) {
    std::lock_guard<std::mutex> hold(lock_);
    blocks_[static_cast<const char*>(at)] = bytes;
  }
  void remove(void* at) {
    std::lock_guard<std::mutex> hold(lock_);
    blocks_.erase(static_cast<const char*>(at));
  }
  bool owns(const void* p) {
    std::lock_guard<std::mutex> hold(lock_);
    auto block = blocks_.upper_bound(static_cast<const char*>(p));
    if (block == blocks_.begin()) return false;
    --block;
    return static_cast<const char*>(p) < block->first + block->second;
  }

 private:
  std::mutex lock_;
  std::map<const char*, size_t> blocks_;
};

Pinned& pinned() {
  static auto* instance = new Pinned;
  return *instance;
}

struct Opened {
  Opened() { memory().open(); }
  ~Opened() { memory().close(); }
};

}  // namespace

void run_on_device(const std::function<void()>& work) {
  const Opened opened;
  work();
}

cudaError_t failed(cudaError_t error) { return last_error = error; }

size_t& shared_limit_of(const void* kernel) {
  static std::mutex lock;
  static auto* limits = new std::map<const void*, size_t>;
  std::lock_guard<std::mutex> hold(lock);
  return (*limits)[kernel];
}

void set_device_memory(size_t bytes) { memory().set_limit(bytes); }

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

cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }

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
  p->sharedMemPerBlockOptin = stand_in::kMostShared;
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

// As on hardware, nothing is still under way when memory is given back.
cudaError_t cudaFree(void* at) {
  stand_in::finish_all();
  return !at || memory().release(at) ? cudaSuccess : failed(cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *total = memory().limit();
  *free = *total - memory().used();
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** at, size_t bytes, unsigned) {
  *at = ::operator new(bytes);
  stand_in::pinned().add(*at, bytes);
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* at) {
  stand_in::pinned().remove(at);
  ::operator delete(at);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const bool to_device = kind != cudaMemcpyDeviceToHost;
  const bool from_device = kind != cudaMemcpyHostToDevice;
  if (memory().owns(to, bytes) != to_device || memory().owns(from, bytes) != from_device)
    return failed(cudaErrorInvalidValue);
  // From pinned memory it is read when the copy's turn comes; other memory is read before the call
  // returns, and written before it returns.
  if (!from_device && !stand_in::pinned().owns(from)) {
    const auto* first = static_cast<const char*>(from);
    const std::vector<char> now(first, first + bytes);
    stand_in::put(stream, [=] { std::memcpy(to, now.data(), now.size()); });
    return cudaSuccess;
  }
  stand_in::put(stream, [=] { std::memmove(to, from, bytes); });
  if (!to_device && !stand_in::pinned().owns(to)) return cudaStreamSynchronize(stream);
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  if (!memory().owns(to, bytes)) return failed(cudaErrorInvalidValue);
  stand_in::put(stream, [=] { std::memset(to, value, bytes); });
  return cudaSuccess;
}
