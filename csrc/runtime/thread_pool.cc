#include "runtime/thread_pool.h"

#include "runtime/float_mode.h"
#include "runtime/platform.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace kn {

namespace {

// Work that is cheaper than this, in nanoseconds, is not worth a hand-over: to a worker that is
// looking for work, and to one that has to be woken by the kernel.
constexpr int64_t kWorthSharing = 3'000;
constexpr int64_t kWorthWaking = 6'000;
// How long a thread looks for work, or for the end of a job, before it goes to sleep.
constexpr auto kPatience = std::chrono::microseconds(30);
constexpr int64_t kMaxChunks = 64;      // of parallel_for
constexpr int64_t kMaxRound = 1 << 15;  // chunks that a Ticket can count

thread_local bool inside_pool = false;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Spins until done() or patience is at its end; returns what done() said last.
template <class Done>
bool spin_until(Done done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int i = 0; i < 16; ++i) {
      if (done()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

int default_threads() {
  if (const char* text = std::getenv("KERAS_NATIVE_NUM_THREADS"))
    if (const int n = std::atoi(text); n > 0) return n;
  return available_cpus();
}

// What is left of a job, in one word: chunks [front, chunks - back) are not taken yet. The job's
// number is part of it, so that a thread that looks late cannot take a chunk of the next job under
// the assumptions of the last one. (Aligned, or Clang would not take it for a word.)
struct alignas(8) Ticket {
  uint16_t job = 0, chunks = 0, front = 0, back = 0;

  bool empty() const { return front + back >= chunks; }
};

}  // namespace

struct ThreadPool::State {
  // A job is published by storing `ticket`; `body` and `slots` are written before. A thread owns a
  // chunk once it has replaced the ticket by one without it, and the owner of the job returns when
  // `left` chunks are 0: until then `body` lives.
  std::atomic<Ticket> ticket{Ticket{}};
  std::atomic<int32_t> left{0};
  std::atomic<int> slots{0};
  FunctionRef<void(int64_t, int)>* body = nullptr;

  // Bumped for each job, for sleeping workers to notice.
  std::atomic<uint32_t> bell{0};
  std::atomic<int> sleepers{0};
  std::atomic<bool> stop{false};

  std::mutex busy;  // held by the one caller whose job is running
  int wanted;
  std::vector<std::thread> workers;

  explicit State(int threads) : wanted(std::max(1, threads)) {}

  // Every pool there is, for the moment after a fork. In the child only the thread that forked
  // exists, and its pools begin anew. What the parent's threads left is not touched, not even to
  // let go of them: the C library may give their handles and stacks to threads of the child.
  struct Pools {
    std::mutex lock;
    std::vector<std::unique_ptr<State>*> states;

    static Pools& all() {
      static auto* pools = new Pools;  // outlives every pool
      [[maybe_unused]] static const bool registered = at_fork(
          [] { all().lock.lock(); }, [] { all().lock.unlock(); }, [] { all().begin_anew(); });
      return *pools;
    }

    void add(std::unique_ptr<State>* state) {
      std::lock_guard<std::mutex> hold(lock);
      states.push_back(state);
    }

    void remove(std::unique_ptr<State>* state) {
      std::lock_guard<std::mutex> hold(lock);
      std::erase(states, state);
    }

    void begin_anew() {
      for (std::unique_ptr<State>* state : states) {
        const int wanted = state->release()->wanted;
        *state = std::make_unique<State>(wanted);
      }
      lock.unlock();
    }
  };

  void start_workers() {
    while (static_cast<int>(workers.size()) < wanted - 1) {
      const int slot = static_cast<int>(workers.size()) + 1;
      workers.emplace_back([this, slot, heard = bell.load()] { work(slot, heard); });
    }
  }

  void stop_workers() {
    stop = true;
    bell.fetch_add(1);
    bell.notify_all();
    for (std::thread& t : workers) t.join();
    workers.clear();
    stop = false;
  }

  void work(int slot, uint32_t heard) {
    inside_pool = true;
    const FlushSubnormals mode;
    for (;;) {
      const auto rung = [&] { return bell.load(std::memory_order_acquire) != heard; };
      if (!spin_until(rung)) {
        sleepers.fetch_add(1);
        bell.wait(heard);
        sleepers.fetch_sub(1);
      }
      if (stop) return;
      heard = bell.load(std::memory_order_acquire);
      take_chunks(slot);
    }
  }

  // Takes chunks until there are none; odd slots from the back.
  void take_chunks(int slot) {
    const bool from_back = slot & 1;
    Ticket now = ticket.load(std::memory_order_acquire);
    while (!now.empty() && slot < slots.load(std::memory_order_relaxed)) {
      Ticket next = now;
      const int64_t chunk = from_back ? now.chunks - 1 - next.back++ : next.front++;
      if (!ticket.compare_exchange_weak(now, next, std::memory_order_acq_rel)) continue;
      (*body)(chunk, slot);
      if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) left.notify_one();
      now = ticket.load(std::memory_order_acquire);
    }
  }

  void run(int64_t chunks, int max_slots, FunctionRef<void(int64_t, int)> job) {
    body = &job;
    slots.store(max_slots, std::memory_order_relaxed);
    left.store(static_cast<int32_t>(chunks), std::memory_order_relaxed);
    Ticket fresh;
    fresh.job = static_cast<uint16_t>(ticket.load(std::memory_order_relaxed).job + 1);
    fresh.chunks = static_cast<uint16_t>(chunks);
    ticket.store(fresh, std::memory_order_release);
    bell.fetch_add(1);
    if (sleepers.load() > 0) bell.notify_all();
    take_chunks(0);
    const auto done = [&] { return left.load(std::memory_order_acquire) == 0; };
    if (spin_until(done)) return;
    for (int32_t n = left.load(); n != 0; n = left.load()) left.wait(n);
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>(threads)) {
  State::Pools::all().add(&state_);
}

ThreadPool::~ThreadPool() {
  State::Pools::all().remove(&state_);
  state_->stop_workers();
}

int ThreadPool::threads() const { return state_->wanted; }

void ThreadPool::set_threads(int threads) {
  std::lock_guard<std::mutex> lock(state_->busy);
  state_->stop_workers();
  state_->wanted = std::max(1, threads);
}

void ThreadPool::run_chunks_in_slots(int64_t chunks, int64_t cost, int slots,
                                     FunctionRef<void(int64_t, int)> body) {
  State& s = *state_;
  const auto worth = [&] {
    if (cost >= kWorthWaking) return true;
    return cost >= kWorthSharing && s.sleepers.load(std::memory_order_relaxed) == 0;
  };
  const bool split = chunks > 1 && slots > 1 && s.wanted > 1 && !inside_pool && worth();
  if (!split || !s.busy.try_lock()) {
    for (int64_t i = 0; i < chunks; ++i) body(i, 0);
    return;
  }
  std::lock_guard<std::mutex> owner(s.busy, std::adopt_lock);
  s.start_workers();
  inside_pool = true;
  for (int64_t from = 0; from < chunks; from += kMaxRound)
    s.run(std::min(chunks - from, kMaxRound), slots,
          [&](int64_t i, int slot) { body(from + i, slot); });
  inside_pool = false;
}

void ThreadPool::run_chunks(int64_t chunks, int64_t cost, FunctionRef<void(int64_t)> body) {
  run_chunks_in_slots(chunks, cost, INT_MAX, [&](int64_t i, int) { body(i); });
}

void ThreadPool::parallel_for(int64_t n, int64_t grain, int64_t cost,
                              FunctionRef<void(int64_t, int64_t)> body) {
  if (n <= 0) return;
  const int64_t chunks = std::clamp<int64_t>(n / std::max<int64_t>(grain, 1), 1, kMaxChunks);
  run_chunks(chunks, cost, [&](int64_t i) { body(i * n / chunks, (i + 1) * n / chunks); });
}

ThreadPool& global_pool() {
  static ThreadPool pool(default_threads());
  return pool;
}

}  // namespace kn
