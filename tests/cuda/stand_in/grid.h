// Runs a grid of CUDA threads on one thread of the CPU: block after block, a fiber for each thread
// of a block. A thread runs until it meets a barrier or an exchange between the lanes of its warp;
// then others take their turn. What real hardware leaves undefined is an error here: barriers that
// some threads do not reach, lanes that meet in different places, masks that disagree.
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
};
extern Place* place;

// Fibers take turns in rising or falling order of their number: a kernel that forgets a barrier
// gives other results in one of them.
enum class Order { rising, falling };
void set_order(Order order);

void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()>& body);

// Of the running thread.
void block_barrier(std::source_location where);
enum class Exchange { shuffle, ballot, sync };
// Lanes of `mask` meet. shuffle: the value of lane `source`; ballot: a bit for each value != 0.
uint64_t meet(Exchange kind, unsigned mask, uint64_t value, int source, std::source_location where);

// Counted over the life of the process, for tests.
struct Counts {
  uint64_t launches = 0, blocks = 0, threads = 0, barriers = 0;
};
Counts counts();

}  // namespace stand_in
