// The pool in processes that fork; Windows has none.
#if !defined(_WIN32)

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "runtime/thread_pool.h"

namespace kn {
namespace {

constexpr int64_t kWorthIt = 1'000'000'000;  // a cost that makes the pool use all its threads

// Runs jobs in a forked child and tells whether all of it was done.
bool works_in_a_child(ThreadPool& pool) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    // A thread that begins first may get the stack, and the handle, of one of the parent's workers.
    std::atomic<bool> stop{false};
    std::thread other([&] {
      while (!stop) std::this_thread::yield();
    });
    std::atomic<int> runs{0};
    for (int round = 0; round < 50; ++round)
      pool.run_chunks(32, kWorthIt, [&](int64_t) { runs.fetch_add(1); });
    stop = true;
    other.join();
    _exit(runs.load() == 50 * 32 ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

// Only the calling thread lives on in a forked child: the pool starts new ones there.
TEST(ThreadPool, WorksInAForkedChild) {
  ThreadPool& pool = global_pool();
  const int threads = pool.threads();
  pool.set_threads(3);
  std::atomic<int> runs{0};
  pool.run_chunks(32, kWorthIt, [&](int64_t) { runs.fetch_add(1); });
  for (int children = 0; children < 3; ++children) EXPECT_TRUE(works_in_a_child(pool));
  pool.run_chunks(32, kWorthIt, [&](int64_t) { runs.fetch_add(1); });
  EXPECT_EQ(runs.load(), 64);
  pool.set_threads(threads);
}

TEST(ThreadPool, WorksInAChildForkedWhileAnotherThreadComputes) {
  ThreadPool& pool = global_pool();
  const int threads = pool.threads();
  pool.set_threads(3);
  std::atomic<bool> computing{false}, stop{false};
  std::thread other([&] {
    pool.run_chunks(3, kWorthIt, [&](int64_t) {
      computing = true;
      while (!stop) std::this_thread::yield();
    });
  });
  while (!computing) std::this_thread::yield();
  EXPECT_TRUE(works_in_a_child(pool));
  stop = true;
  other.join();
  pool.set_threads(threads);
}

}  // namespace
}  // namespace kn

#endif
