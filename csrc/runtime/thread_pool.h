// One pool for the process. Work is split by size, never by the number of threads, so results have
// the same bits for any number of them.
#pragma once

#include <climits>
#include <cstdint>
#include <memory>

#include "base/function_ref.h"

namespace kn {

class ThreadPool {
 public:
  // threads counts the caller: 1 runs everything inline. Workers start on first use and again in
  // a forked child.
  explicit ThreadPool(int threads);
  ~ThreadPool();

  int threads() const;
  void set_threads(int threads);

  // Calls body(i) for each i in [0, chunks), in any order, on up to threads() threads; returns
  // when all are done. `cost` is the rough number of nanoseconds of the whole: cheap work stays on
  // the caller. Nested and concurrent calls run inline. On two threads, one takes chunks from the
  // front and the other from the back, so that from call to call each finds its data in its cache.
  void run_chunks(int64_t chunks, int64_t cost, FunctionRef<void(int64_t)> body);

  // The same with body(i, slot): calls that run at one time have different slots below `slots`,
  // which therefore bounds the threads that take part. For workspace per thread.
  void run_chunks_in_slots(int64_t chunks, int64_t cost, int slots,
                           FunctionRef<void(int64_t, int)> body);

  // Splits [0, n) into chunks of at least `grain` and calls body(from, to) for each. The split
  // depends on n and grain alone.
  void parallel_for(int64_t n, int64_t grain, int64_t cost,
                    FunctionRef<void(int64_t, int64_t)> body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The process's pool: KERAS_NATIVE_NUM_THREADS, else the CPUs that affinity and container allow.
ThreadPool& global_pool();

}  // namespace kn
