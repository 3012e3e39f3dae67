#include "device.h"

#include <cuda_runtime.h>

#include <cstdio>
#include <mutex>

#include "families.h"
#include "memory_pool.h"
#include "queue.h"
#include "runtime/device.h"
#include "runtime/devices.h"
#include "status.h"

namespace kn::cuda {

namespace {

// "3.2 GB", for people.
std::string size_text(size_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KB", "MB", "GB"};
  auto size = static_cast<double>(bytes);
  int unit = 0;
  for (; size >= 1024 && unit < 3; ++unit) size /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", size, kUnits[unit]);
  return text;
}

class DriverMemory : public PieceSource {
 public:
  explicit DriverMemory(int index) : index_(index) {}
  void* take(size_t bytes) override {
    void* piece = nullptr;
    if (cudaSetDevice(index_) == cudaSuccess && cudaMalloc(&piece, bytes) == cudaSuccess)
      return piece;
    (void)cudaGetLastError();
    return nullptr;
  }
  void give_back(void* piece) override {
    (void)cudaSetDevice(index_);
    (void)cudaFree(piece);
  }

 private:
  int index_;
};

class CudaDevice : public Device {
 public:
  CudaDevice(int index, const cudaDeviceProp& properties)
      : index_(index), properties_(properties), driver_(index), pool_(driver_) {}

  std::string name() const override { return concat_text("cuda:", index_); }
  std::string description() const override {
    return concat_text(properties_.name, " (compute capability ", properties_.major, ".",
                       properties_.minor, ", ", size_text(properties_.totalGlobalMem), ")");
  }

  void* allocate(size_t bytes) override {
    if (void* memory = pool_.allocate(bytes)) return memory;
    const MemoryUse use = memory();
    const std::string limit =
        use.limit ? concat_text(" of the ", size_text(use.limit), " it may use") : "";
    fail<RuntimeError>("out of memory on ", name(), ": ", size_text(bytes), " wanted; ",
                       size_text(use.used), limit, " are in use, ", size_text(use.free), " of ",
                       size_text(use.total), " are free on the device");
  }
  void release(void* memory, size_t) override { pool_.release(memory); }

  void copy_in(void* to, const void* from, size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyHostToDevice);
  }
  void copy_out(void* to, const void* from, size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyDeviceToHost);
  }
  void copy_within(void* to, const void* from, size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyDeviceToDevice);
  }

  bool queued() const override { return true; }
  std::unique_ptr<Queue> make_queue() override {
    return std::make_unique<CudaQueue>(*this, index_);
  }

  MemoryUse memory() const override {
    MemoryUse use = pool_.use();
    (void)cudaSetDevice(index_);
    if (cudaMemGetInfo(&use.free, &use.total) != cudaSuccess) (void)cudaGetLastError();
    return use;
  }

  void set_memory_limit(size_t bytes, bool at_once) override {
    if (!pool_.set_limit(bytes, at_once))
      fail<RuntimeError>("out of memory on ", name(), ": ", size_text(bytes),
                         " could not be set aside; ", size_text(memory().free), " are free");
  }

  void allow_tf32(bool allowed) override { tf32_ = allowed; }
  bool tf32_allowed() const override { return tf32_; }

  Chip chip() const {
    return {10 * properties_.major + properties_.minor, properties_.multiProcessorCount,
            properties_.sharedMemPerBlockOptin};
  }

 private:
  // On a stream of its own, and waited for: variables are read and written seldom.
  void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return;
    check(cudaSetDevice(index_), "choosing a device");
    std::lock_guard<std::mutex> hold(lock_);
    if (!stream_)
      check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
    check(cudaMemcpyAsync(to, from, bytes, kind, stream_), "copying");
    check(cudaStreamSynchronize(stream_), "copying");
  }

  int index_;
  cudaDeviceProp properties_;
  DriverMemory driver_;
  MemoryPool pool_;
  std::mutex lock_;
  cudaStream_t stream_ = nullptr;
  bool tf32_ = true;
};

class CudaSource : public KernelSource {
 public:
  CudaSource(int index, const cudaDeviceProp& properties) : device_(index, properties) {}
  std::span<const Candidate> candidates(std::string_view op) const override {
    return find_candidates(op);
  }
  Device& device() const override { return device_; }
  // The CPU is plugged in first.
  const KernelSource& host() const override { return *all_devices()[0]; }

 private:
  mutable CudaDevice device_;
};

struct Found {
  std::vector<const KernelSource*> sources;
  std::string absence;
};

// Why the runtime found no device. It says the same of a driver that is too old and of none.
std::string reason_of(cudaError_t status) {
  int driver = 0, runtime = 0;
  if (status != cudaErrorInsufficientDriver || cudaDriverGetVersion(&driver) != cudaSuccess ||
      cudaRuntimeGetVersion(&runtime) != cudaSuccess)
    return cudaGetErrorString(status);
  const auto text = [](int version) {
    return concat_text("CUDA ", version / 1000, ".", version % 1000 / 10);
  };
  if (driver == 0) return "no NVIDIA driver is installed (libcuda.so.1 was not found)";
  return concat_text("NVIDIA's driver is too old: it knows ", text(driver), ", this build needs ",
                     text(runtime));
}

// Nothing of it is freed at exit: the driver may be gone by then.
const Found& found() {
  static const auto* all = [] {
    auto* list = new Found;
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status != cudaSuccess) {
      (void)cudaGetLastError();
      list->absence = reason_of(status);
      return list;
    }
    for (int i = 0; i < count; ++i) {
      cudaDeviceProp properties;
      if (cudaGetDeviceProperties(&properties, i) != cudaSuccess) {
        (void)cudaGetLastError();
        continue;
      }
      list->sources.push_back(new CudaSource(i, properties));
    }
    if (list->sources.empty()) list->absence = "the driver shows no device";
    return list;
  }();
  return *all;
}

}  // namespace

const std::vector<const KernelSource*>& sources() { return found().sources; }

Chip chip_of(const KernelRequest& request) {
  const KernelSource* source = request.source;
  if (!source) source = sources().empty() ? nullptr : sources()[0];
  const auto* device = source ? dynamic_cast<const CudaDevice*>(&source->device()) : nullptr;
  return device ? device->chip() : Chip{};
}

const std::string& absence() { return found().absence; }

}  // namespace kn::cuda
