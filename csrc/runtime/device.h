// Where buffers live and kernels run. The CPU is always there; another device plugs in by
// implementing this interface, and nothing above `runtime` knows which ones exist.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace kn {

class Queue;

// In bytes; 0 where it is not known.
struct MemoryUse {
  size_t total = 0, free = 0;  // of the whole device
  size_t used = 0, peak = 0;   // by this process, through Device
  size_t limit = 0;
};

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
  // Whether runs are queued, and the queue of one; kernels of the others work at once on ordinary
  // memory.
  virtual bool queued() const { return false; }
  virtual std::unique_ptr<Queue> make_queue();

  virtual std::string description() const { return name(); }
  virtual MemoryUse memory() const { return {}; }
  // How many bytes may be used at most, and whether they are taken all at once. Throws RuntimeError
  // where the device cannot keep to it.
  virtual void set_memory_limit(size_t bytes, bool at_once);
  // Whether products may round their float32 factors to TF32's 10 bits of fraction.
  virtual void allow_tf32(bool allowed) { (void)allowed; }
  virtual bool tf32_allowed() const { return false; }
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
