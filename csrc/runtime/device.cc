#include "runtime/device.h"

#include <cstring>
#include <new>
#include <utility>

#include "base/error.h"
#include "runtime/kernel.h"
#include "runtime/platform.h"
#include "runtime/queue.h"

namespace kn {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

// Large tensors on large pages where the system has them: rows of a big matrix lie on pages of
// their own otherwise, more of them than the processor can keep track of.
bool is_large(size_t bytes) { return bytes >= 2 * kHugePage; }
size_t alignment_of(size_t bytes) { return is_large(bytes) ? kHugePage : kAlignment; }

class CpuDevice : public Device {
 public:
  std::string name() const override { return "cpu"; }
  void* allocate(size_t bytes) override {
    const size_t alignment = alignment_of(bytes);
    const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    if (rounded < bytes) fail<RuntimeError>("cannot allocate ", bytes, " bytes");
    void* memory = ::operator new(rounded, std::align_val_t{alignment}, std::nothrow);
    if (!memory) fail<RuntimeError>("out of memory: could not allocate ", bytes, " bytes");
    if (is_large(bytes)) prefer_large_pages(memory, bytes);
    return memory;
  }
  void release(void* memory, size_t bytes) override {
    ::operator delete(memory, std::align_val_t{alignment_of(bytes)});
  }
  void copy_in(void* dst, const void* src, size_t n) override { copy_within(dst, src, n); }
  void copy_out(void* dst, const void* src, size_t n) override { copy_within(dst, src, n); }
  void copy_within(void* dst, const void* src, size_t n) override {
    if (n) std::memmove(dst, src, n);
  }
};

}  // namespace

Device& cpu_device() {
  static CpuDevice device;
  return device;
}

std::unique_ptr<Queue> Device::make_queue() { return nullptr; }

void Device::set_memory_limit(size_t, bool) {
  fail<RuntimeError>("the memory of device '", name(), "' cannot be limited");
}

Device& KernelSource::device() const { return cpu_device(); }

Buffer::Buffer(Device& device, size_t bytes)
    : device_(&device), data_(device.allocate(bytes)), bytes_(bytes) {}

Buffer::~Buffer() {
  if (data_) device_->release(data_, bytes_);
}

Buffer::Buffer(Buffer&& other) noexcept { *this = std::move(other); }

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace kn
