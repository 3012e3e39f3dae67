#include "plan/memory_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace kn {
namespace {

std::vector<size_t> offsets(const std::vector<Usage>& usages) { return place(usages).offsets; }

TEST(MemoryPlanner, NothingNeedsNothing) {
  EXPECT_EQ(place({}).arena_bytes, 0u);
  EXPECT_EQ(place({{0, 0, 5}}).arena_bytes, 0u);
}

TEST(MemoryPlanner, BuffersThatLiveTogetherLieSideBySide) {
  const std::vector<Usage> two = {{64, 0, 1}, {128, 1, 2}};
  EXPECT_EQ(offsets(two), (std::vector<size_t>{128, 0}));  // the larger one is placed first
  EXPECT_EQ(place(two).arena_bytes, 192u);
}

TEST(MemoryPlanner, BuffersThatNeverMeetShare) {
  const std::vector<Usage> chain = {{100, 0, 1}, {100, 2, 3}, {100, 4, 5}};
  EXPECT_EQ(offsets(chain), (std::vector<size_t>{0, 0, 0}));
  EXPECT_EQ(place(chain).arena_bytes, 128u);
}

// a - b - c - d, each read by the next step only: two places alternate.
TEST(MemoryPlanner, AChainNeedsTwoPlaces) {
  const std::vector<Usage> chain = {{256, 0, 1}, {256, 1, 2}, {256, 2, 3}, {256, 3, 4}};
  EXPECT_EQ(offsets(chain), (std::vector<size_t>{0, 256, 0, 256}));
  EXPECT_EQ(place(chain).arena_bytes, 512u);
}

TEST(MemoryPlanner, SizesArePaddedTo64Bytes) {
  EXPECT_EQ(offsets({{65, 0, 0}, {1, 0, 0}}), (std::vector<size_t>{0, 128}));
  EXPECT_EQ(place({{65, 0, 0}, {1, 0, 0}}).arena_bytes, 192u);
}

// Of two gaps that fit, the tighter one is taken.
TEST(MemoryPlanner, TakesTheTightestGap) {
  //  0..1024 a | 1024..1536 gap of 512 (b, dead) | 1536..1920 c | 1920..2048 gap of 128 (d, dead) |
  //  e
  const std::vector<Usage> usages = {{1024, 0, 9}, {512, 0, 4}, {384, 0, 9},
                                     {192, 0, 4},  {128, 0, 9}, {64, 5, 9}};
  const auto at = offsets(usages);
  EXPECT_EQ(at, (std::vector<size_t>{0, 1024, 1536, 1920, 2112, 1920}));
  EXPECT_EQ(place(usages).arena_bytes, 2240u);
}

// A branch kept for later (a skip connection) is not written over.
TEST(MemoryPlanner, KeepsWhatIsReadLater) {
  const std::vector<Usage> skip = {{64, 0, 5}, {64, 1, 2}, {64, 2, 3}, {64, 3, 4}, {64, 4, 5}};
  EXPECT_EQ(offsets(skip), (std::vector<size_t>{0, 64, 128, 64, 128}));
}

TEST(MemoryPlanner, NoTwoLiveBuffersOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<Usage> usages(random() % 60);
    const int steps = 1 + static_cast<int>(random() % 40);
    for (Usage& u : usages) {
      u.bytes = random() % 5 == 0 ? 0 : random() % 4096;
      u.first = static_cast<int>(random() % steps);
      u.last = u.first + static_cast<int>(random() % (steps - u.first));
    }
    const Placement p = place(usages);
    size_t peak = 0;  // what any placement needs
    for (int s = 0; s < steps; ++s) {
      size_t live = 0;
      for (const Usage& u : usages)
        if (u.first <= s && s <= u.last) live += (u.bytes + 63) / 64 * 64;
      peak = std::max(peak, live);
    }
    EXPECT_GE(p.arena_bytes, peak);
    EXPECT_LE(p.arena_bytes, 2 * peak + 64) << "wasteful";
    for (size_t i = 0; i < usages.size(); ++i) {
      EXPECT_EQ(p.offsets[i] % kArenaAlignment, 0u);
      EXPECT_LE(p.offsets[i] + usages[i].bytes, p.arena_bytes);
      for (size_t j = 0; j < i; ++j) {
        const Usage &a = usages[i], &b = usages[j];
        if (a.bytes == 0 || b.bytes == 0 || a.first > b.last || b.first > a.last) continue;
        EXPECT_TRUE(p.offsets[i] + a.bytes <= p.offsets[j] ||
                    p.offsets[j] + b.bytes <= p.offsets[i])
            << "round " << round << ": " << i << " and " << j;
      }
    }
  }
}

}  // namespace
}  // namespace kn
