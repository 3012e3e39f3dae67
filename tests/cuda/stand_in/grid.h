// Runs a grid of CUDA threads on one thread of the CPU: block after block, or cluster after
// cluster, a fiber for each thread. A thread runs until it meets a barrier or an exchange between
// the lanes of its warp; then others take their turn. What real hardware leaves undefined is an
// error here: barriers that some threads do not reach, lanes that meet in different places, masks
// that disagree, shared memory of a block of the cluster that has ended or may not have begun.
#pragma once

#include <cstdint>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

namespace stand_in {

// What hardware would not forgive.
struct ExecutionError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Where the running thread is.
struct Place {
  uint3 thread{}, block{};
  dim3 block_size, grid_size;
  void* dynamic_shared = nullptr;
  unsigned rank = 0;  // of the block within its cluster
  unsigned slot = 0;  // a number of its own among all threads that run at once
};
extern Place* place;
inline constexpr unsigned kMostThreads = 1024, kMostOfCluster = 8;  // threads, blocks
inline constexpr unsigned kSlots = kMostThreads * kMostOfCluster;
inline constexpr size_t kMostShared = 227 << 10;  // bytes that a block may have

// Fibers take turns in rising or falling order of their number: a kernel that forgets a barrier
// gives other results in one of them.
enum class Order { rising, falling };
void set_order(Order order);

// Clusters are of so many blocks along x, which run side by side. Their kernels have no static
// shared memory: here it would be the same for all of them.
void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()>& body,
              unsigned cluster = 1);

// Of the running thread.
void block_barrier(std::source_location where);
void cluster_barrier(std::source_location where);
// Where `mine`, in dynamic shared memory, lies in that of block `rank` of the cluster.
void* map_shared(void* mine, unsigned rank, std::source_location where);
// Lets others take their turn, before the thread looks again for what it waits for. An error where
// everybody only waits.
void poll(std::source_location where);
// Something happened that others may wait for, even if the thread itself waits again.
void progress();
enum class Exchange { shuffle, ballot, sync };
// Lanes of `mask` meet. shuffle: the value of lane `source`; ballot: a bit for each value != 0.
uint64_t meet(Exchange kind, unsigned mask, uint64_t value, int source, std::source_location where);

// Counted over the life of the process, for tests.
struct Counts {
  uint64_t launches = 0, blocks = 0, threads = 0, barriers = 0;
};
Counts counts();

}  // namespace stand_in
