#include "memory_pool.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <set>

namespace kn::cuda {
namespace {

// Ordinary memory, so much of it at most.
class Source : public PieceSource {
 public:
  explicit Source(size_t most) : left_(most) {}
  ~Source() override { EXPECT_TRUE(pieces_.empty()) << "pieces were not given back"; }
  void* take(size_t bytes) override {
    if (bytes > left_) return nullptr;
    left_ -= bytes;
    void* piece = std::aligned_alloc(256, bytes);
    pieces_[piece] = bytes;
    return piece;
  }
  void give_back(void* piece) override {
    left_ += pieces_.at(piece);
    pieces_.erase(piece);
    std::free(piece);
  }
  size_t pieces() const { return pieces_.size(); }

 private:
  size_t left_;
  std::map<void*, size_t> pieces_;
};

constexpr size_t kMega = size_t{1} << 20;

TEST(MemoryPool, HandsOutSmallPartsOfOnePiece) {
  Source source(64 * kMega);
  MemoryPool pool(source);
  std::set<void*> all;
  for (int i = 0; i < 100; ++i) all.insert(pool.allocate(1000));
  EXPECT_EQ(all.size(), 100u);
  EXPECT_EQ(source.pieces(), 1u);
  EXPECT_EQ(pool.use().used, 100u * 1024);
  for (void* p : all) EXPECT_EQ(reinterpret_cast<uintptr_t>(p) % 256, 0u);
  for (void* p : all) pool.release(p);
  EXPECT_EQ(pool.use().used, 0u);
  EXPECT_NE(pool.allocate(4 * kMega), nullptr) << "free parts are joined again";
  EXPECT_EQ(source.pieces(), 1u);
}

TEST(MemoryPool, KeepsToItsLimit) {
  Source source(64 * kMega);
  MemoryPool pool(source);
  ASSERT_TRUE(pool.set_limit(8 * kMega, false));
  void* a = pool.allocate(5 * kMega);
  EXPECT_NE(a, nullptr);
  EXPECT_EQ(pool.allocate(5 * kMega), nullptr);
  pool.release(a);
  EXPECT_NE(pool.allocate(8 * kMega), nullptr) << "unused pieces are given back first";
}

TEST(MemoryPool, TakesAllAtOnceWhereAsked) {
  Source source(16 * kMega);
  MemoryPool pool(source);
  ASSERT_TRUE(pool.set_limit(12 * kMega, true));
  EXPECT_EQ(source.pieces(), 1u);
  EXPECT_NE(pool.allocate(11 * kMega), nullptr);
  EXPECT_EQ(pool.allocate(2 * kMega), nullptr);
  EXPECT_FALSE(pool.set_limit(64 * kMega, true));
}

TEST(MemoryPool, TakesWhatWillDoWhereAHandyPieceDoesNotFit) {
  Source source(kMega);
  MemoryPool pool(source);
  EXPECT_NE(pool.allocate(kMega / 2), nullptr);
  EXPECT_EQ(pool.allocate(kMega), nullptr);
  EXPECT_EQ(pool.allocate(SIZE_MAX), nullptr);
}

TEST(MemoryPool, RandomUseKeepsBlocksApart) {
  Source source(256 * kMega);
  MemoryPool pool(source);
  std::mt19937 random(5);
  std::map<char*, size_t> live;
  for (int i = 0; i < 3000; ++i) {
    if (live.size() < 40 || random() % 2) {
      const size_t bytes = random() % 3 ? random() % 5000 : random() % (2 * kMega);
      auto* p = static_cast<char*>(pool.allocate(bytes));
      ASSERT_NE(p, nullptr);
      const auto next = live.lower_bound(p);
      const bool after = next == live.end() || p + bytes <= next->first;
      ASSERT_TRUE(after) << "overlaps the block behind";
      const bool before =
          next == live.begin() || std::prev(next)->first + std::prev(next)->second <= p;
      ASSERT_TRUE(before) << "overlaps the block in front";
      live[p] = bytes;
    } else {
      const auto victim = std::next(live.begin(), random() % live.size());
      pool.release(victim->first);
      live.erase(victim);
    }
  }
  for (const auto& [p, bytes] : live) pool.release(p);
  EXPECT_EQ(pool.use().used, 0u);
  pool.give_back_unused();
  EXPECT_EQ(source.pieces(), 0u);
}

}  // namespace
}  // namespace kn::cuda
