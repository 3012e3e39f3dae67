#include "grid.h"

#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "block.h"

namespace stand_in {

Place* place = nullptr;

namespace {

Order order = Order::rising;
Counts counted;

// Blocks that run side by side.
class Cluster {
 public:
  Cluster(unsigned blocks, dim3 size, size_t shared_bytes) : blocks_(blocks, {size, shared_bytes}) {
    for (Block& b : blocks_)
      for (Thread& t : b.threads()) threads_.push_back(&t);
  }

  // The blocks from `first` on, along x.
  void run(uint3 first, dim3 grid, const std::function<void()>& body) {
    phase_ = 0;
    left_ = threads_.size();
    for (unsigned rank = 0; rank < blocks_.size(); ++rank)
      blocks_[rank].begin({first.x + rank, first.y, first.z}, grid, rank,
                          rank * blocks_[rank].threads().size(), body);
    running = this;
    try {
      while (left_ > 0) round();
    } catch (...) {
      running = nullptr;
      place = nullptr;
      throw;
    }
    running = nullptr;
    place = nullptr;
  }

  void poll(std::source_location where) {
    now_->polls = true;
    pause(Thread::ready, where);
  }

  void progress() { progressed_ = true; }

  void pause(Thread::State state, std::source_location where) {
    Thread& t = *now_;
    t.state = state;
    t.where = where;
    t.fiber->pause();
  }

  uint64_t meet(Exchange kind, unsigned mask, uint64_t value, int source,
                std::source_location where) {
    Thread& t = *now_;
    t.kind = kind;
    t.mask = mask;
    t.value = value;
    t.source = source;
    t.where = where;
    t.state = Thread::at_exchange;
    // Nothing may be thrown past the end of a fiber's stack: the scheduler throws it.
    try {
      if (t.block->complete(t)) return t.result;
    } catch (...) {
      error_ = std::current_exception();
    }
    t.fiber->pause();
    return t.result;
  }

  void* map(void* mine, unsigned rank, std::source_location where) {
    Thread& t = *now_;
    try {
      if (rank >= blocks_.size())
        throw ExecutionError("a cluster has no block " + std::to_string(rank));
      if (rank != t.place.rank && phase_ == 0)
        throw ExecutionError("the shared memory of a block that may not have begun, at " +
                             text_of(where));
      if (blocks_[rank].is_over())
        throw ExecutionError("the shared memory of a block that has ended, at " + text_of(where));
      return t.block->map(mine, blocks_[rank], where);
    } catch (...) {
      error_ = std::current_exception();
    }
    t.fiber->pause();
    return mine;
  }

  static Cluster* running;

 private:
  // Every thread that can, goes on once; then barriers open.
  void round() {
    bool moved = false, found = false;
    const size_t n = threads_.size();
    for (size_t k = 0; k < n; ++k) {
      Thread& t = *threads_[order == Order::rising ? k : n - 1 - k];
      if (t.state != Thread::ready) continue;
      moved = true;
      now_ = &t;
      place = &t.place;
      t.polls = false;
      const bool goes_on = t.fiber->resume();
      found = found || !t.polls;
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
      if (goes_on) continue;
      t.state = Thread::over;
      --left_;
    }
    if (!moved) open_barriers();
    else if (!found && !std::exchange(progressed_, false)) stuck();
  }

  [[noreturn]] void stuck() const {
    for (const Thread* t : threads_)
      if (t->polls)
        throw ExecutionError("thread " + name(*t) + " waits for what nobody brings, at " +
                             text_of(t->where));
    throw ExecutionError("no thread goes on");
  }

  void open_barriers() {
    bool opened = false;
    const Block* over = nullptr;
    for (Block& b : blocks_) {
      if (b.is_over()) {
        over = &b;
      } else if (b.open_barrier()) {
        opened = true;
        ++counted.barriers;
      }
    }
    if (opened) return;
    if (over)
      throw ExecutionError("a block has ended while others wait at the barrier of their cluster");
    for (Block& b : blocks_) b.go_on();
    ++phase_;
    ++counted.barriers;
  }

  std::vector<Block> blocks_;
  bool progressed_ = false;
  std::vector<Thread*> threads_;
  Thread* now_ = nullptr;
  size_t left_ = 0, phase_ = 0;  // barriers of the cluster so far
  std::exception_ptr error_;
};

Cluster* Cluster::running = nullptr;

Cluster& running() {
  if (!Cluster::running) throw ExecutionError("no kernel is running");
  return *Cluster::running;
}

// Static shared memory is one array for all: one grid at a time.
std::mutex one_grid;

}  // namespace

void set_order(Order wanted) { order = wanted; }
Counts counts() { return counted; }

void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()>& body,
              unsigned cluster) {
  const size_t threads = size_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > kMostThreads || block.z > 64)
    throw ExecutionError("a block of " + std::to_string(threads) + " threads cannot be launched");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535)
    throw ExecutionError("a grid of " + std::to_string(grid.x) + " x " + std::to_string(grid.y) +
                         " x " + std::to_string(grid.z) + " blocks cannot be launched");
  if (shared_bytes > kMostShared)
    throw ExecutionError(std::to_string(shared_bytes) + " bytes of shared memory are too many");
  if (cluster == 0 || cluster > kMostOfCluster || grid.x % cluster)
    throw ExecutionError("clusters of " + std::to_string(cluster) + " blocks cannot be launched");
  std::lock_guard<std::mutex> hold(one_grid);
  Cluster some(cluster, block, shared_bytes);
  ++counted.launches;
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; x += cluster) {
        some.run({x, y, z}, grid, body);
        counted.blocks += cluster;
        counted.threads += cluster * threads;
      }
}

void poll(std::source_location where) { running().poll(where); }
void progress() { running().progress(); }
void block_barrier(std::source_location where) { running().pause(Thread::at_barrier, where); }
void cluster_barrier(std::source_location where) { running().pause(Thread::at_cluster, where); }

void* map_shared(void* mine, unsigned rank, std::source_location where) {
  return running().map(mine, rank, where);
}

uint64_t meet(Exchange kind, unsigned mask, uint64_t value, int source,
              std::source_location where) {
  return running().meet(kind, mask, value, source, where);
}

}  // namespace stand_in
