#include "block.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace stand_in {

namespace {

constexpr unsigned kWarp = 32;

bool same(std::source_location a, std::source_location b) {
  return a.line() == b.line() && std::string_view(a.file_name()) == b.file_name();
}

std::deque<Fiber>& fibers() {
  static auto* pool = new std::deque<Fiber>;
  return *pool;
}

}  // namespace

std::string text_of(std::source_location where) {
  std::string file = where.file_name();
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line());
}

std::string name(const Thread& t) {
  const auto part = [](uint3 at) {
    return "(" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " + std::to_string(at.z) +
           ")";
  };
  return part(t.place.thread) + " of block " + part(t.place.block);
}

Block::Block(dim3 size, size_t shared_bytes)
    : size_(size), bytes_(shared_bytes), shared_(shared_bytes / sizeof(Row) + 1) {
  threads_.resize(size_t{size.x} * size.y * size.z);
}

void Block::begin(uint3 index, dim3 grid, unsigned rank, size_t first,
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

bool Block::is_over() const {
  return std::all_of(threads_.begin(), threads_.end(),
                     [](const Thread& t) { return t.state == Thread::over; });
}

bool Block::open_barrier() {
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
  return true;
}

void Block::go_on() {
  for (Thread& t : threads_) t.state = Thread::ready;
}

bool Block::complete(Thread& t) {
  const size_t number = static_cast<size_t>(&t - threads_.data());
  const size_t warp = number / kWarp * kWarp;
  unsigned& arrived = arrived_[number / kWarp];
  arrived |= 1u << (number - warp);
  if ((arrived & t.mask) != t.mask && t.mask >> (number - warp) & 1 &&
      threads_.size() - warp >= kWarp)
    return false;  // where the others never come, open_barrier says so
  if (!(t.mask >> (number - warp) & 1))
    throw ExecutionError("thread " + name(t) + " is not in its own mask at " + text_of(t.where));
  if (!all_there(t, warp)) return false;
  arrived &= ~t.mask;
  exchange(warp, t.mask, t.kind);
  return true;
}

bool Block::all_there(const Thread& t, size_t warp) const {
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
  return true;
}

void* Block::map(void* mine, Block& other, std::source_location where) {
  const auto* from = reinterpret_cast<const char*>(shared_.data());
  const auto offset = static_cast<size_t>(static_cast<const char*>(mine) - from);
  if (offset >= bytes_)
    throw ExecutionError("what is mapped to another block is not in dynamic shared memory, at " +
                         text_of(where));
  return reinterpret_cast<char*>(other.shared_.data()) + offset;
}

void Block::exchange(size_t warp, unsigned mask, Exchange kind) {
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

}  // namespace stand_in
