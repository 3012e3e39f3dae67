// What shared memory makes of the layouts of products: it has 32 banks of 4 bytes, and takes as
// many cycles for an access of a warp as the fullest bank has different words in it. Lanes access
// 4 bytes all at once, 8 bytes by half warps, 16 bytes and rows of matrices by quarters.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>

#include "gemm_tile.h"
#include "hopper_tile.h"
#include "recurrent_share.h"
#include "tensor_tile.h"

namespace kn::test {
namespace {

using Places = std::array<size_t, 32>;  // of lanes, in bytes

// Cycles beyond what so many bytes need.
size_t conflicts(const Places& at, size_t bytes) {
  const size_t lanes = bytes <= 4 ? 32 : 128 / bytes;
  size_t lost = 0;
  for (size_t first = 0; first < at.size(); first += lanes) {
    std::map<size_t, std::set<size_t>> words;  // by bank
    for (size_t lane = first; lane < first + lanes; ++lane)
      for (size_t byte = 0; byte < bytes; byte += 4)
        words[(at[lane] + byte) / 4 % 32].insert((at[lane] + byte) / 4);
    size_t fullest = 0;
    for (const auto& [bank, of_bank] : words) fullest = std::max(fullest, of_bank.size());
    lost += fullest - 1;
  }
  return lost;
}

template <class F>
Places places(size_t bytes, F element_of) {
  Places at;
  for (int lane = 0; lane < 32; ++lane)
    at[static_cast<size_t>(lane)] = static_cast<size_t>(element_of(lane)) * bytes;
  return at;
}

TEST(Banks, AreCounted) {
  EXPECT_EQ(conflicts(places(4, [](int lane) { return lane; }), 4), 0u);
  EXPECT_EQ(conflicts(places(4, [](int lane) { return lane * 2; }), 4), 1u);
  EXPECT_EQ(conflicts(places(4, [](int) { return 5; }), 4), 0u) << "the same word for all";
  EXPECT_EQ(conflicts(places(16, [](int lane) { return lane; }), 16), 0u);
  EXPECT_EQ(conflicts(places(4, [](int lane) { return lane / 4 * 68 + lane % 4 * 2; }), 8), 2u);
}

// Fragments as Stretch::read fetches them, and runs as copies store them.
template <class S>
void expect_free_stretch() {
  using Factor = typename S::Factor;
  constexpr size_t kBytes = sizeof(Factor);
  for (int run = 0; run < S::kElements / S::kWide; run += 32)
    EXPECT_EQ(conflicts(places(kBytes,
                               [&](int lane) {
                                 return S::at(S::run_line(run + lane), S::run_deep(run + lane));
                               }),
                        16),
              0u);
  for (int line = 0; line < S::kLines; line += 16)
    for (int deep = 0; deep < S::kDeep; deep += 2 * S::kWide) {
      if (S::kWhole) {
        const auto row = [&](int lane) {
          const int q = lane / 8, r = lane % 8;
          return S::at(line + q % 2 * 8 + (S::kAlongK ? r : 0),
                       deep + q / 2 * S::kWide + (S::kAlongK ? 0 : r));
        };
        EXPECT_EQ(conflicts(places(kBytes, row), 16), 0u);
      } else {
        const auto own = [&](int lane) { return S::at(line + lane / 4, deep + lane % 4); };
        EXPECT_EQ(conflicts(places(kBytes, own), kBytes), 0u);
      }
    }
}

TEST(Banks, StretchesHaveNoConflicts) {
  using namespace cuda;
  expect_free_stretch<Stretch<float, true, 128>>();
  expect_free_stretch<Stretch<float, false, 128>>();
  expect_free_stretch<Stretch<float, false, 64>>();
  expect_free_stretch<Stretch<BFloat16, true, 128>>();
  expect_free_stretch<Stretch<BFloat16, false, 128>>();
  expect_free_stretch<Stretch<BFloat16, false, 64>>();
}

// Sums on their way out: a lane stores two neighbours of its fragment.
template <int kStep>
size_t store_conflicts() {
  return conflicts(places(4, [](int lane) { return lane / 4 * kStep + lane % 4 * 2; }), 8);
}

TEST(Banks, SumsLeaveWithoutConflicts) {
  using namespace cuda;
  EXPECT_EQ((store_conflicts<TensorTile<128, 128, 2, 4, 2>::kStep>()), 0u);
  EXPECT_EQ((store_conflicts<TensorTile<128, 64, 2, 2, 3>::kStep>()), 0u);
  EXPECT_EQ((store_conflicts<TensorTile<64, 64, 2, 2, 4>::kStep>()), 0u);
  EXPECT_EQ(store_conflicts<HopperTile<256>::kStep>(), 0u);
}

// A step of plain arithmetic: 16 bytes of 8 places of A, of 4 of B.
TEST(Banks, PlainTilesReadWithoutConflicts) {
  using Tile = cuda::PlainTile<float, 128, 128, 2, 4, 2>;
  const auto a = [](int lane) { return lane / 2 % 8 * Tile::kWide; };
  const auto b = [](int lane) { return (lane % 2 + lane / 16 * 2) * Tile::kWide; };
  EXPECT_EQ(conflicts(places(4, a), 16), 0u);
  EXPECT_EQ(conflicts(places(4, b), 16), 0u);
  using Scattered = cuda::Columns<float, true, 128>;
  const auto stored = [](int lane) {
    return Scattered::at(Scattered::run_line(lane), Scattered::run_deep(lane));
  };
  EXPECT_EQ(conflicts(places(4, stored), 4), 0u);
}

// What a fragment of a recurrent kernel is multiplied by: (columns, 8) rows of the batch.
TEST(Banks, StatesAreReadWithoutConflicts) {
  const auto own = [](int lane) { return lane % 4 * cuda::kBatchTile + lane / 4; };
  EXPECT_EQ(conflicts(places(4, own), 4), 0u);
}

}  // namespace
}  // namespace kn::test
