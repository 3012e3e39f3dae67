#include "memory_pool.h"

#include <algorithm>
#include <iterator>

namespace kn::cuda {

namespace {

constexpr size_t kAlignment = 256;
constexpr size_t kPiece = size_t{4} << 20;  // at least so much is asked of the driver at a time

size_t rounded(size_t bytes, size_t to) { return (std::max<size_t>(bytes, 1) + to - 1) / to * to; }

}  // namespace

MemoryPool::~MemoryPool() {
  for (const auto& [at, block] : blocks_)
    if (block.first) source_.give_back(at);
}

void* MemoryPool::allocate(size_t bytes) {
  std::lock_guard<std::mutex> hold(lock_);
  const size_t wanted = rounded(bytes, kAlignment);
  if (wanted < bytes || (limit_ && used_ + wanted > limit_)) return nullptr;
  auto block = best_free(wanted);
  if (block == blocks_.end()) block = new_piece(wanted);
  if (block == blocks_.end()) {
    give_back_locked();
    block = new_piece(wanted);
  }
  if (block == blocks_.end()) return nullptr;
  return take_from(block, wanted);
}

// The smallest free block that holds them.
MemoryPool::Blocks::iterator MemoryPool::best_free(size_t bytes) {
  auto best = blocks_.end();
  for (auto b = blocks_.begin(); b != blocks_.end(); ++b)
    if (b->second.free && b->second.bytes >= bytes &&
        (best == blocks_.end() || b->second.bytes < best->second.bytes))
      best = b;
  return best;
}

// As large as is handy, or else as small as will do.
MemoryPool::Blocks::iterator MemoryPool::new_piece(size_t bytes) {
  const size_t handy = rounded(bytes, kPiece);
  for (size_t size : {handy, bytes}) {
    if (limit_ && held_ + size > limit_) continue;
    if (void* piece = source_.take(size)) {
      held_ += size;
      return blocks_.insert({static_cast<char*>(piece), {size, true, true}}).first;
    }
  }
  return blocks_.end();
}

void* MemoryPool::take_from(Blocks::iterator block, size_t bytes) {
  char* at = block->first;
  const size_t rest = block->second.bytes - bytes;
  if (rest > 0) {
    block->second.bytes = bytes;
    blocks_.insert({at + bytes, {rest, true, false}});
  }
  block->second.free = false;
  used_ += bytes;
  peak_ = std::max(peak_, used_);
  return at;
}

void MemoryPool::release(void* memory) {
  if (!memory) return;
  std::lock_guard<std::mutex> hold(lock_);
  auto block = blocks_.find(static_cast<char*>(memory));
  if (block == blocks_.end() || block->second.free) return;
  used_ -= block->second.bytes;
  block->second.free = true;
  const auto next = std::next(block);
  if (next != blocks_.end() && next->second.free && !next->second.first) {
    block->second.bytes += next->second.bytes;
    blocks_.erase(next);
  }
  if (block->second.first) return;
  const auto before = std::prev(block);
  if (!before->second.free) return;
  before->second.bytes += block->second.bytes;
  blocks_.erase(block);
}

bool MemoryPool::set_limit(size_t bytes, bool at_once) {
  std::lock_guard<std::mutex> hold(lock_);
  limit_ = bytes;
  if (!at_once || bytes <= held_) return true;
  const size_t rest = (bytes - held_) / kAlignment * kAlignment;
  if (rest == 0) return true;
  void* piece = source_.take(rest);
  if (!piece) return false;
  held_ += rest;
  blocks_.insert({static_cast<char*>(piece), {rest, true, true}});
  return true;
}

void MemoryPool::give_back_unused() {
  std::lock_guard<std::mutex> hold(lock_);
  give_back_locked();
}

void MemoryPool::give_back_locked() {
  for (auto b = blocks_.begin(); b != blocks_.end();) {
    const auto next = std::next(b);
    const bool whole = b->second.first && (next == blocks_.end() || next->second.first);
    if (b->second.free && whole) {
      source_.give_back(b->first);
      held_ -= b->second.bytes;
      blocks_.erase(b);
    }
    b = next;
  }
}

MemoryUse MemoryPool::use() const {
  std::lock_guard<std::mutex> hold(lock_);
  MemoryUse use;
  use.used = used_;
  use.peak = peak_;
  use.limit = limit_;
  return use;
}

}  // namespace kn::cuda
