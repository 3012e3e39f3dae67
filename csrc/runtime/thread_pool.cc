#include "runtime/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace kn {

namespace {

// Waking a sleeping worker costs some microseconds: cheaper work is not worth it.
constexpr int64_t kWorthSplitting = 20'000;  // nanoseconds
constexpr int kSpins = 500;                  // some 20 µs before a worker goes to sleep
constexpr int64_t kMaxChunks = 64;
constexpr int64_t kClosed = int64_t{1} << 40;  // chunk number of a job that takes no more workers

thread_local bool inside_pool = false;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

int available_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

int default_threads() {
  if (const char* text = std::getenv("KERAS_NATIVE_NUM_THREADS"))
    if (const int n = std::atoi(text); n > 0) return n;
  return available_cpus();
}

}  // namespace

struct ThreadPool::State {
  // A job is published by bumping `ticket`; workers take chunk numbers from `next`. `chunks` and
  // `body` are written before `next` is opened and stay until `working` is back to 0 and `next` is
  // closed, so a worker that comes late sees either this job or a closed counter.
  std::atomic<uint64_t> ticket{0};
  std::atomic<int64_t> next{kClosed};
  std::atomic<int> working{0};
  std::atomic<int64_t> chunks{0};
  const FunctionRef<void(int64_t)>* body = nullptr;

  std::mutex busy;  // held by the one caller whose job is running
  std::mutex sleep_lock;
  std::condition_variable wake;
  std::atomic<int> sleepers{0};
  bool stop = false;
  int wanted = 1;
  pid_t owner = 0;
  std::vector<std::thread> workers;

  void start_workers() {
    const pid_t pid = getpid();
    if (owner != pid) {
      // After fork only the calling thread exists: forget the parent's threads.
      for (std::thread& t : workers) t.detach();
      workers.clear();
      owner = pid;
    }
    while (static_cast<int>(workers.size()) < wanted - 1)
      workers.emplace_back([this, seen = ticket.load()]() mutable { work(seen); });
  }

  void stop_workers() {
    if (owner == getpid()) {
      {
        std::lock_guard<std::mutex> lock(sleep_lock);
        stop = true;
      }
      wake.notify_all();
      for (std::thread& t : workers) t.join();
    } else {
      for (std::thread& t : workers) t.detach();
    }
    workers.clear();
    stop = false;
  }

  void work(uint64_t seen) {
    inside_pool = true;
    for (;;) {
      if (!wait_for_ticket(seen)) return;
      seen = ticket.load(std::memory_order_acquire);
      take_chunks();
    }
  }

  // False when the pool stops.
  bool wait_for_ticket(uint64_t seen) {
    for (int i = 0; i < kSpins; ++i) {
      if (ticket.load(std::memory_order_acquire) != seen) return true;
      pause();
    }
    std::unique_lock<std::mutex> lock(sleep_lock);
    sleepers.fetch_add(1);
    wake.wait(lock, [&] { return stop || ticket.load() != seen; });
    sleepers.fetch_sub(1);
    return !stop;
  }

  void take_chunks() {
    // `working` is raised before looking at the job, so that its owner waits for this thread.
    working.fetch_add(1, std::memory_order_acq_rel);
    for (;;) {
      const int64_t i = next.fetch_add(1, std::memory_order_acq_rel);
      if (i >= chunks) break;
      (*body)(i);
    }
    working.fetch_sub(1, std::memory_order_acq_rel);
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  state_->wanted = std::max(1, threads);
}

ThreadPool::~ThreadPool() { state_->stop_workers(); }

int ThreadPool::threads() const { return state_->wanted; }

void ThreadPool::set_threads(int threads) {
  std::lock_guard<std::mutex> lock(state_->busy);
  state_->stop_workers();
  state_->wanted = std::max(1, threads);
}

void ThreadPool::run_chunks(int64_t chunks, int64_t cost, FunctionRef<void(int64_t)> body) {
  State& s = *state_;
  const bool split = chunks > 1 && s.wanted > 1 && cost >= kWorthSplitting && !inside_pool;
  if (!split || !s.busy.try_lock()) {
    for (int64_t i = 0; i < chunks; ++i) body(i);
    return;
  }
  std::lock_guard<std::mutex> owner(s.busy, std::adopt_lock);
  s.start_workers();
  s.chunks = chunks;
  s.body = &body;
  s.next.store(0, std::memory_order_release);
  {
    std::lock_guard<std::mutex> lock(s.sleep_lock);
    s.ticket.fetch_add(1, std::memory_order_acq_rel);
  }
  if (s.sleepers.load() > 0) s.wake.notify_all();
  inside_pool = true;
  s.take_chunks();
  inside_pool = false;
  while (s.working.load(std::memory_order_acquire) != 0) pause();
  s.next.store(kClosed, std::memory_order_release);
}

void ThreadPool::parallel_for(int64_t n, int64_t grain, int64_t cost,
                              FunctionRef<void(int64_t, int64_t)> body) {
  if (n <= 0) return;
  const int64_t chunks = std::clamp<int64_t>(n / std::max<int64_t>(grain, 1), 1, kMaxChunks);
  run_chunks(chunks, cost,
             [&](int64_t i) { body(i * n / chunks, (i + 1) * n / chunks); });
}

ThreadPool& global_pool() {
  static ThreadPool pool(default_threads());
  return pool;
}

}  // namespace kn
