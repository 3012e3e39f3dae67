// Where buffers live and kernels run. The CPU is always there; another device plugs in by
// implementing this interface, and nothing above `runtime` knows which ones exist.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace kn {

class Device {
 public:
  virtual ~Device() = default;
  virtual std::string name() const = 0;  // "cpu", "cuda:0"
  // 64-byte aligned, uninitialised; throws RuntimeError when there is no memory.
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* memory, size_t bytes) = 0;
  virtual void copy_in(void* device_dst, const void* host_src, size_t bytes) = 0;
  virtual void copy_out(void* host_dst, const void* device_src, size_t bytes) = 0;
  virtual void copy_within(void* dst, const void* src, size_t bytes) = 0;
};

Device& cpu_device();

// Owns memory of one device.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Device& device, size_t bytes);
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  Device* device() const { return device_; }

 private:
  Device* device_ = nullptr;
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace kn
