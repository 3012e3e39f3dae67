// How a device that works on its own is given a run: copies and kernels are put in a queue and come
// to pass in that order. Devices whose kernels work at once on ordinary memory (the CPU) have none.
#pragma once

#include <cstddef>
#include <cstdint>

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

// One run in flight at a time.
class Queue {
 public:
  virtual ~Queue() = default;

  // Starts a run: sets the counter that random kernels read, forgets faults.
  virtual void begin(uint64_t step) = 0;
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
  // Waits until all of it is done. Throws RuntimeError where the device failed.
  virtual FaultReport finish() = 0;
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
