// A run in flight on a GPU: one stream. What comes from and goes to ordinary memory passes through
// pinned memory, so that the caller's arrays are free at once; the steps are recorded as a CUDA
// graph the second time they come, and from then on launched as one. Batches may be sent by a
// second stream, and large results fetched by a third, while the first one computes.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "runtime/device.h"
#include "stream_queue.h"

namespace kn::cuda {

class CudaQueue : public StreamQueue {
 public:
  CudaQueue(Device& device, int index);
  ~CudaQueue() override;

  void begin(uint64_t step, int64_t batch) override;
  void copy_in(void* to, const void* from, size_t bytes) override;
  void copy_out(void* to, const void* from, size_t bytes) override;
  void copy_within(void* to, const void* from, size_t bytes) override;
  void show(const Observer& observer, const TensorType& type, const void* from) override;
  void replay(FunctionRef<void()> work, bool changed) override;
  FaultReport finish() override;

  void take_rows(std::span<const RowSource> sources, const RowChoice& choice) override;
  void close_batch(std::span<const ScalarAt> values, double weight, double* totals) override;
  void* staging(int slot, size_t bytes) override;
  void send(int slot, void* to, size_t bytes) override;
  void mark_used(int slot) override;
  void wait_used(int slot) override;
  void copy_back(int slot, std::span<const CopyBack> results) override;

 private:
  struct Pinned {
    void* memory;
    size_t bytes;
  };
  struct Arrival {
    void* to;
    const void* from;
    size_t bytes;
  };

  // A copy of a tensor for its observer; a record refers to it.
  struct Showing {
    const Observer* observer;
    TensorType type;
    void* copy;
    ~Showing();
  };

  // A buffer on the way to the device.
  struct Slot {
    Pinned buffer{nullptr, 0};
    cudaEvent_t sent = nullptr, used = nullptr;
  };

  // Results on their way back, out of the way of the next batch.
  struct Shelf {
    void* memory = nullptr;  // of the device
    size_t bytes = 0;
    cudaEvent_t filled = nullptr, emptied = nullptr;
  };

  void* pinned(size_t bytes);
  Shelf& shelf(int slot, size_t bytes);
  void fetch(void* to, const void* from, size_t bytes, cudaStream_t by);
  void open_slots();
  void record(FunctionRef<void()> work);
  void forget_record();

  Device& device_;
  int index_;
  std::vector<Pinned> pinned_;  // all of it; what is used of the last one
  size_t pinned_used_ = 0;
  std::vector<Arrival> arrivals_;  // to be copied on once the stream is done
  std::vector<std::unique_ptr<Showing>> showings_;
  cudaGraphExec_t graph_ = nullptr;
  int runs_ = 0;  // of the same work
  Slot slots_[kSlots];
  cudaStream_t sender_ = nullptr;  // made with the slots, when first asked for
  Shelf shelves_[kSlots];
  cudaStream_t fetcher_ = nullptr;  // made with the shelves
};

}  // namespace kn::cuda
