// A block of threads, each a fiber with a state: what lets lanes and threads go on together, and
// what is an error of the kernel.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <source_location>
#include <string>
#include <vector>

#include "fiber.h"
#include "grid.h"

namespace stand_in {

class Block;

struct Thread {
  enum State { ready, at_barrier, at_cluster, at_exchange, over };
  Place place;
  Block* block = nullptr;
  Fiber* fiber = nullptr;
  State state = ready;
  std::source_location where;
  bool polls = false;  // and has found nothing in its last turn
  // Of an exchange.
  Exchange kind{};
  unsigned mask = 0;
  uint64_t value = 0, result = 0;
  int source = 0;
};

// As a message names them.
std::string name(const Thread& t);
std::string text_of(std::source_location where);

class Block {
 public:
  Block(dim3 size, size_t shared_bytes);

  // Threads at their first instruction, with fibers from `first` of the pool on.
  void begin(uint3 index, dim3 grid, unsigned rank, size_t first,
             const std::function<void()>& body);

  std::vector<Thread>& threads() { return threads_; }
  bool is_over() const;

  // Where no thread of the cluster can go on: true where all wait at a barrier of the block, which
  // opens; false where all wait at the cluster's.
  bool open_barrier();

  void go_on();

  // Lets the lanes of t's mask go on if all of them are there.
  bool complete(Thread& t);

  // What lies at `mine` here, in the shared memory of another block.
  void* map(void* mine, Block& other, std::source_location where);

 private:
  struct alignas(1024) Row {
    unsigned char bytes[1024];
  };

  // Whether the lanes of t's mask, of the warp that begins at thread `warp`, wait where t does.
  bool all_there(const Thread& t, size_t warp) const;
  void exchange(size_t warp, unsigned mask, Exchange kind);

  dim3 size_;
  size_t bytes_;
  std::vector<Row> shared_;
  std::vector<Thread> threads_;
  std::vector<unsigned> arrived_;  // lanes of each warp that wait for an exchange
};

}  // namespace stand_in
