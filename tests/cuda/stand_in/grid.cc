#include "grid.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "fiber.h"

namespace stand_in {

Place* place = nullptr;

namespace {

constexpr unsigned kWarp = 32;
constexpr size_t kMostShared = 227 << 10;

Order order = Order::rising;
Counts counted;

std::string text_of(std::source_location where) {
  std::string file = where.file_name();
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line());
}

bool same(std::source_location a, std::source_location b) {
  return a.line() == b.line() && std::string_view(a.file_name()) == b.file_name();
}

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

std::string name(const Thread& t) {
  const auto part = [](uint3 at) {
    return "(" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " + std::to_string(at.z) +
           ")";
  };
  return part(t.place.thread) + " of block " + part(t.place.block);
}

class Block {
 public:
  Block(dim3 size, size_t shared_bytes)
      : size_(size), bytes_(shared_bytes), shared_(shared_bytes / sizeof(Row) + 1) {
    threads_.resize(size_t{size.x} * size.y * size.z);
  }

  // Threads at their first instruction, with fibers from `first` of the pool on.
  void begin(uint3 index, dim3 grid, unsigned rank, size_t first,
             const std::function<void()>& body) {
    std::memset(shared_.data(), 0xC9, shared_.size() * sizeof(Row));
    while (fibers().size() < first + threads_.size()) fibers().emplace_back();
    for (size_t i = 0; i < threads_.size(); ++i) {
      Thread& t = threads_[i];
      const auto n = static_cast<unsigned>(i);
      t = {};
      t.place = {{n % size_.x, n / size_.x % size_.y, n / size_.x / size_.y},
                 index,
                 size_,
                 grid,
                 shared_.data(),
                 rank,
                 rank * kMostThreads + n};
      t.block = this;
      t.fiber = &fibers()[first + i];
      t.fiber->start([](void* work) { (*static_cast<const std::function<void()>*>(work))(); },
                     const_cast<std::function<void()>*>(&body));
    }
    arrived_.assign((threads_.size() + kWarp - 1) / kWarp, 0);
  }

  std::vector<Thread>& threads() { return threads_; }

  bool is_over() const {
    return std::all_of(threads_.begin(), threads_.end(),
                       [](const Thread& t) { return t.state == Thread::over; });
  }

  // Where no thread of the cluster can go on: true where all wait at a barrier of the block, which
  // opens; false where all wait at the cluster's.
  bool open_barrier() {
    const Thread& first = threads_[0];
    for (const Thread& t : threads_) {
      if (t.state == Thread::at_exchange)
        throw ExecutionError("lanes of a warp wait for others that do not come: thread " + name(t) +
                             " at " + text_of(t.where));
      if (t.state == Thread::over)
        throw ExecutionError("thread " + name(t) +
                             " has ended while others wait at a barrier of its block");
      if (first.state == Thread::over)
        throw ExecutionError("thread " + name(first) +
                             " has ended while others wait at a barrier of its block");
      if (t.state != first.state || !same(t.where, first.where))
        throw ExecutionError("threads of a block wait at different barriers: " + name(first) +
                             " at " + text_of(first.where) + ", " + name(t) + " at " +
                             text_of(t.where));
    }
    if (first.state == Thread::at_cluster) return false;
    go_on();
    ++counted.barriers;
    return true;
  }

  void go_on() {
    for (Thread& t : threads_) t.state = Thread::ready;
  }

  // Lets the lanes of t's mask go on if all of them are there.
  bool complete(Thread& t) {
    const size_t number = static_cast<size_t>(&t - threads_.data());
    const size_t warp = number / kWarp * kWarp;
    unsigned& arrived = arrived_[number / kWarp];
    arrived |= 1u << (number - warp);
    if ((arrived & t.mask) != t.mask && t.mask >> (number - warp) & 1 &&
        threads_.size() - warp >= kWarp)
      return false;  // where the others never come, open_barrier says so
    if (!(t.mask >> (number - warp) & 1))
      throw ExecutionError("thread " + name(t) + " is not in its own mask at " + text_of(t.where));
    for (unsigned lane = 0; lane < kWarp; ++lane) {
      if (!(t.mask >> lane & 1)) continue;
      if (warp + lane >= threads_.size())
        throw ExecutionError("a mask names lanes that the block does not have, at " +
                             text_of(t.where));
      const Thread& other = threads_[warp + lane];
      if (other.state == Thread::over)
        throw ExecutionError("thread " + name(other) + " has ended, but is in the mask at " +
                             text_of(t.where));
      if (other.state != Thread::at_exchange) return false;
      if (other.mask != t.mask || other.kind != t.kind || !same(other.where, t.where))
        throw ExecutionError("lanes of a warp meet in different places: " + name(other) + " at " +
                             text_of(other.where) + ", " + name(t) + " at " + text_of(t.where));
    }
    arrived &= ~t.mask;
    exchange(warp, t.mask, t.kind);
    return true;
  }

  // What lies at `mine` here, in the shared memory of another block.
  void* map(void* mine, Block& other, std::source_location where) {
    const auto* from = reinterpret_cast<const char*>(shared_.data());
    const auto offset = static_cast<size_t>(static_cast<const char*>(mine) - from);
    if (offset >= bytes_)
      throw ExecutionError("what is mapped to another block is not in dynamic shared memory, at " +
                           text_of(where));
    return reinterpret_cast<char*>(other.shared_.data()) + offset;
  }

 private:
  struct alignas(1024) Row {
    unsigned char bytes[1024];
  };

  static std::deque<Fiber>& fibers() {
    static auto* pool = new std::deque<Fiber>;
    return *pool;
  }

  void exchange(size_t warp, unsigned mask, Exchange kind) {
    uint64_t ballot = 0;
    for (unsigned lane = 0; lane < kWarp; ++lane)
      if (mask >> lane & 1 && threads_[warp + lane].value) ballot |= uint64_t{1} << lane;
    for (unsigned lane = 0; lane < kWarp; ++lane) {
      if (!(mask >> lane & 1)) continue;
      Thread& t = threads_[warp + lane];
      t.result = kind == Exchange::ballot ? ballot : t.value;
      if (kind == Exchange::shuffle) {
        if (!(mask >> t.source & 1))
          throw ExecutionError("a shuffle reads a lane outside its mask at " + text_of(t.where));
        t.result = threads_[warp + static_cast<unsigned>(t.source)].value;
      }
      t.state = Thread::ready;
    }
  }

  dim3 size_;
  size_t bytes_;
  std::vector<Row> shared_;
  std::vector<Thread> threads_;
  std::vector<unsigned> arrived_;  // lanes of each warp that wait for an exchange
};

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
    else if (!found) stuck();
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
      if (b.is_over()) over = &b;
      else opened |= b.open_barrier();
    }
    if (opened) return;
    if (over)
      throw ExecutionError("a block has ended while others wait at the barrier of their cluster");
    for (Block& b : blocks_) b.go_on();
    ++phase_;
    ++counted.barriers;
  }

  std::vector<Block> blocks_;
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
