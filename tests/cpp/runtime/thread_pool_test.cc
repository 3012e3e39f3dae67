#include "runtime/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace kn {
namespace {

constexpr int64_t kWorthIt = 1'000'000'000;  // a cost that makes the pool use all its threads

std::vector<std::pair<int64_t, int64_t>> split_of(ThreadPool& pool, int64_t n, int64_t grain) {
  std::mutex lock;
  std::vector<std::pair<int64_t, int64_t>> parts;
  pool.parallel_for(n, grain, kWorthIt, [&](int64_t from, int64_t to) {
    std::lock_guard<std::mutex> guard(lock);
    parts.emplace_back(from, to);
  });
  std::sort(parts.begin(), parts.end());
  return parts;
}

TEST(ThreadPool, RunsEveryChunkOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (int64_t chunks : {0, 1, 2, 7, 64, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(chunks));
      pool.run_chunks(chunks, kWorthIt, [&](int64_t i) { runs[i].fetch_add(1); });
      for (const auto& count : runs) ASSERT_EQ(count.load(), 1) << threads << " threads";
    }
  }
}

TEST(ThreadPool, SplitsBySizeAlone) {
  ThreadPool one(1), three(3), eight(8);
  for (int64_t n : {0, 1, 5, 64, 100, 4097, 1000003})
    for (int64_t grain : {1, 7, 1024}) {
      const auto parts = split_of(one, n, grain);
      EXPECT_EQ(split_of(three, n, grain), parts);
      EXPECT_EQ(split_of(eight, n, grain), parts);
      int64_t at = 0;
      for (const auto& [from, to] : parts) {
        EXPECT_EQ(from, at);
        EXPECT_TRUE(to - from >= grain || n < grain) << n << " by " << grain;
        at = to;
      }
      EXPECT_EQ(at, n);
    }
}

TEST(ThreadPool, KeepsCheapWorkOnTheCaller) {
  ThreadPool pool(4);
  const auto caller = std::this_thread::get_id();
  pool.run_chunks(64, 1000, [&](int64_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
}

TEST(ThreadPool, UsesItsThreads) {
  ThreadPool pool(3);
  std::mutex lock;
  std::set<std::thread::id> seen;
  // Each chunk waits until three threads have come, so all of them must.
  std::atomic<int> inside{0};
  pool.run_chunks(3, kWorthIt, [&](int64_t) {
    inside.fetch_add(1);
    while (inside.load() < 3) std::this_thread::yield();
    std::lock_guard<std::mutex> guard(lock);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(seen.size(), 3u);
}

TEST(ThreadPool, NestedCallsRunInline) {
  ThreadPool pool(4);
  std::atomic<int> total{0};
  pool.run_chunks(16, kWorthIt, [&](int64_t) {
    const auto me = std::this_thread::get_id();
    pool.run_chunks(8, kWorthIt, [&](int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), me);
      total.fetch_add(1);
    });
  });
  EXPECT_EQ(total.load(), 16 * 8);
}

TEST(ThreadPool, ServesManyCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  std::vector<int64_t> sums(6);
  for (size_t t = 0; t < sums.size(); ++t)
    callers.emplace_back([&, t] {
      for (int round = 0; round < 200; ++round) {
        std::atomic<int64_t> sum{0};
        pool.parallel_for(1000, 10, kWorthIt, [&](int64_t from, int64_t to) {
          int64_t part = 0;
          for (int64_t i = from; i < to; ++i) part += i;
          sum.fetch_add(part);
        });
        sums[t] += sum.load();
      }
    });
  for (std::thread& t : callers) t.join();
  for (int64_t sum : sums) EXPECT_EQ(sum, 200 * (999 * 1000 / 2));
}

TEST(ThreadPool, ChangesItsSize) {
  ThreadPool pool(2);
  for (int threads : {4, 1, 3}) {
    pool.set_threads(threads);
    EXPECT_EQ(pool.threads(), threads);
    std::atomic<int> runs{0};
    pool.run_chunks(50, kWorthIt, [&](int64_t) { runs.fetch_add(1); });
    EXPECT_EQ(runs.load(), 50);
  }
}

}  // namespace
}  // namespace kn
