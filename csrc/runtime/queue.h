// How a device that works on its own is given a run: copies and kernels are put in a queue and come
// to pass in that order. Devices whose kernels work at once on ordinary memory (the CPU) have none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/dtype.h"
#include "base/function_ref.h"
#include "base/observer.h"

namespace kn {

// The first index outside its axis that some kernel of a run met, and the step that it belongs to.
struct FaultReport {
  bool raised = false;
  double index = 0;
  int64_t extent = 0;
  const void* site = nullptr;
};

// Rows of one tensor: those of a batch go to `to`, one after the other.
struct RowSource {
  const void* from;
  void* to;
  size_t row_bytes;
};

// Which rows batch k takes: row i of it is order[k * stride + i], or k * stride + i without an
// order. In a ring there are several batches, ring_bytes apart, and batch k is rows 0 … of number
// k modulo `ring`.
struct RowChoice {
  int64_t count = 0, stride = 0;
  const int64_t* order = nullptr;
  int64_t ring = 0;
  size_t ring_bytes = 0;
};

// Part of what a batch leaves: `bytes` at `from` on the device, wanted at `to`.
struct CopyBack {
  void* to;
  const void* from;
  size_t bytes;
};

struct ScalarAt {
  const void* at;
  DType dtype;
};

// One run in flight at a time, or one stretch of batches.
class Queue {
 public:
  virtual ~Queue() = default;

  // Starts a run: sets the counter that random kernels read, forgets faults. A stretch of batches
  // begins with number `batch`.
  virtual void begin(uint64_t step, int64_t batch = 0) = 0;
  // `from` may change again as soon as the call returns; `to` holds the data after finish().
  virtual void copy_in(void* to, const void* from, size_t bytes) = 0;
  virtual void copy_out(void* to, const void* from, size_t bytes) = 0;
  virtual void copy_within(void* to, const void* from, size_t bytes) = 0;
  // Shows `observer`, which must outlive the queue's runs, what `from` holds when its turn comes:
  // from a thread of the device, before finish() returns.
  virtual void show(const Observer& observer, const TensorType& type, const void* from) = 0;
  // Queues what `work` queues. It may be recorded, and repeated from the record in later calls
  // until `changed` says that it is no longer the same.
  virtual void replay(FunctionRef<void()> work, bool changed) = 0;
  // Waits until all of it is done. Throws RuntimeError where the device failed. More may be queued
  // afterwards, as part of the same run.
  virtual FaultReport finish() = 0;

  // ---- Batches: nobody waits between one and the next ----

  // The rows of the batch whose number the device has counted to: a record stays valid.
  virtual void take_rows(std::span<const RowSource> sources, const RowChoice& choice) = 0;
  // The end of a batch: totals (2, n) hold the last values, and the sums of value times `weight`.
  // The counters of steps and batches go on by one.
  virtual void close_batch(std::span<const ScalarAt> values, double weight, double* totals) = 0;

  // Data go to the device beside its work, through two buffers of ordinary memory. staging() waits
  // until the buffer may be filled. send() copies it to `to`, after the work that came before the
  // last mark_used() of that slot, and before the work that is queued from now on.
  static constexpr int kSlots = 2;
  virtual void* staging(int slot, size_t bytes) = 0;
  virtual void send(int slot, void* to, size_t bytes) = 0;
  virtual void mark_used(int slot) = 0;
  // Waits for the work that came before the last mark_used() of that slot.
  virtual void wait_used(int slot) = 0;
  // copy_out() of what a batch leaves, which the next batch may overwrite; large results go back
  // while that is computed.
  virtual void copy_back(int slot, std::span<const CopyBack> results) = 0;
};

// What kernels of such a device find in RunArgs besides.
struct Queued {
  Queue* queue = nullptr;
  // The number of the step, from the queue's counter: counter * factor + term (modulo 2^64), since
  // a recorded run is repeated with other counters.
  uint64_t factor = 1, term = 0;
  const void* site = nullptr;  // what a fault is reported with
};

}  // namespace kn
