#include "tile_table.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/rounding.h"

namespace kn::cuda {

namespace {

// An H200 as the model sees it; nanoseconds and bytes.
constexpr double kMultiprocessors = 132;
constexpr double kFlopHalves = 4700, kFlopHopper = 6000;  // per ns and multiprocessor; TF32: half
constexpr double kFromL2 = 75;                            // bytes per ns and multiprocessor
constexpr double kAlone = 300;                            // between stretches of a block by itself
constexpr double kBlock = 2000;                           // to begin and to store
constexpr double kJoinLaunch = 1500, kMemory = 4300;      // bytes per ns of the whole device

struct TileFacts {
  const char* name;
  int64_t m, n;
  double resident;  // blocks on a multiprocessor
  double flop;      // per ns and multiprocessor, of halves: smaller parts of a warp read shared
                    // memory more often
};
constexpr TileFacts kFacts[kTiles] = {{"large", 128, 128, 2, kFlopHalves},
                                      {"tall", 128, 64, 3, 0.85 * kFlopHalves},
                                      {"small", 64, 64, 4, 0.65 * kFlopHalves},
                                      {"hopper_wide", 128, 256, 1, kFlopHopper},
                                      {"hopper_square", 128, 128, 1, kFlopHopper}};

constexpr int64_t kParts[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128};
constexpr double kMostPartial = 256e6;  // bytes

int64_t stretches(const ProductSize& s, int factor_bytes) {
  return ceil_div(s.k, 128 / factor_bytes);
}

// The shapes of the workloads: of every dense layer the product, the gradient to its inputs and
// that to its weights; and squares.
using enum Tile;
constexpr TileRow kRows[] = {
    // mlp_mnist
    {4, {1, 64, 1000, 784}, {small, 5}, Source::predicted},
    {4, {1, 64, 784, 1000}, {small, 8}, Source::predicted},
    {4, {1, 784, 1000, 64}, {tall, 1}, Source::predicted},
    {2, {1, 64, 1000, 784}, {small, 5}, Source::predicted},
    {2, {1, 64, 784, 1000}, {small, 8}, Source::predicted},
    {2, {1, 784, 1000, 64}, {tall, 1}, Source::predicted},
    {4, {1, 64, 10, 1000}, {small, 16}, Source::predicted},
    {4, {1, 64, 1000, 10}, {small, 1}, Source::predicted},
    {4, {1, 1000, 10, 64}, {small, 1}, Source::predicted},
    {2, {1, 64, 10, 1000}, {small, 8}, Source::predicted},
    {2, {1, 64, 1000, 10}, {small, 1}, Source::predicted},
    {2, {1, 1000, 10, 64}, {small, 1}, Source::predicted},
    // mlp_wide
    {4, {1, 256, 2048, 784}, {small, 1}, Source::predicted},
    {4, {1, 256, 784, 2048}, {tall, 5}, Source::predicted},
    {4, {1, 784, 2048, 256}, {large, 1}, Source::predicted},
    {2, {1, 256, 2048, 784}, {small, 1}, Source::predicted},
    {2, {1, 256, 784, 2048}, {tall, 4}, Source::predicted},
    {2, {1, 784, 2048, 256}, {large, 1}, Source::predicted},
    {4, {1, 256, 2048, 2048}, {large, 4}, Source::predicted},
    {4, {1, 2048, 2048, 256}, {hopper_wide, 1}, Source::predicted},
    {2, {1, 256, 2048, 2048}, {tall, 2}, Source::predicted},
    {2, {1, 2048, 2048, 256}, {hopper_wide, 1}, Source::predicted},
    // cnn_mnist
    {4, {1, 128, 128, 9216}, {tall, 48}, Source::predicted},
    {4, {1, 128, 9216, 128}, {large, 1}, Source::predicted},
    {4, {1, 9216, 128, 128}, {large, 1}, Source::predicted},
    {2, {1, 128, 128, 9216}, {tall, 48}, Source::predicted},
    {2, {1, 128, 9216, 128}, {large, 1}, Source::predicted},
    {2, {1, 9216, 128, 128}, {large, 1}, Source::predicted},
    // vgg_like
    {4, {1, 32, 256, 30976}, {small, 64}, Source::predicted},
    {4, {1, 32, 30976, 256}, {hopper_wide, 1}, Source::predicted},
    {4, {1, 30976, 256, 32}, {hopper_wide, 1}, Source::predicted},
    {2, {1, 32, 256, 30976}, {small, 64}, Source::predicted},
    {2, {1, 32, 30976, 256}, {hopper_wide, 1}, Source::predicted},
    {2, {1, 30976, 256, 32}, {hopper_wide, 1}, Source::predicted},
    // squares, without and with Hopper's tiles
    {4, {1, 1024, 1024, 1024}, {tall, 1}, Source::predicted},
    {4, {1, 1024, 1024, 1024}, {hopper_square, 2}, Source::predicted},
    {2, {1, 1024, 1024, 1024}, {tall, 1}, Source::predicted},
    {2, {1, 1024, 1024, 1024}, {hopper_square, 1}, Source::predicted},
    {4, {1, 2048, 2048, 2048}, {large, 1}, Source::predicted},
    {4, {1, 2048, 2048, 2048}, {hopper_wide, 1}, Source::predicted},
    {2, {1, 2048, 2048, 2048}, {large, 1}, Source::predicted},
    {2, {1, 2048, 2048, 2048}, {hopper_wide, 1}, Source::predicted},
    {4, {1, 4096, 4096, 4096}, {large, 1}, Source::predicted},
    {4, {1, 4096, 4096, 4096}, {hopper_wide, 1}, Source::predicted},
    {2, {1, 4096, 4096, 4096}, {large, 1}, Source::predicted},
    {2, {1, 4096, 4096, 4096}, {hopper_wide, 1}, Source::predicted},
    {4, {1, 8192, 8192, 8192}, {large, 1}, Source::predicted},
    {4, {1, 8192, 8192, 8192}, {hopper_wide, 1}, Source::predicted},
    {2, {1, 8192, 8192, 8192}, {large, 1}, Source::predicted},
    {2, {1, 8192, 8192, 8192}, {hopper_wide, 1}, Source::predicted},
};

std::atomic<bool> forced{false};
TileChoice forced_choice{};

}  // namespace

double model_seconds(const ProductSize& s, int factor_bytes, const TileChoice& choice) {
  const TileFacts& tile = kFacts[static_cast<int>(choice.tile)];
  const double blocks =
      static_cast<double>(ceil_div(s.m, tile.m) * ceil_div(s.n, tile.n) * s.batch * choice.parts);
  const auto deep = static_cast<double>(ceil_div(stretches(s, factor_bytes), choice.parts));
  const double flop = factor_bytes == 2 ? tile.flop : tile.flop / 2;
  const double steps = 128.0 / factor_bytes;
  const auto area = static_cast<double>(tile.m * tile.n),
             edge = static_cast<double>(tile.m + tile.n);
  const double work = std::max(2 * area * steps / flop, edge * 128 / kFromL2);
  const double each = std::max(1.0, std::ceil(blocks / kMultiprocessors));
  const double rounds = std::ceil(each / tile.resident);
  double time = std::max(each * deep * work, rounds * deep * std::max(work, kAlone));
  time += rounds * kBlock;
  if (choice.parts > 1) {
    const auto sums = static_cast<double>(s.batch * s.m * s.n * 4);
    time += kJoinLaunch + sums * static_cast<double>(2 * choice.parts + 1) / kMemory;
  }
  return 1e-9 * time;
}

TileChoice model_choice(const ProductSize& s, int factor_bytes, bool hopper) {
  TileChoice best{hopper ? hopper_square : small, 1};
  double least = model_seconds(s, factor_bytes, best);
  for (const Tile tile : {small, tall, large, hopper_square, hopper_wide}) {
    if (of_hopper(tile) != hopper) continue;
    for (const int64_t parts : kParts) {
      const TileChoice choice{tile, parts};
      const auto partial = static_cast<double>(parts_bytes(s, choice));
      if (parts > 1 && (2 * parts > stretches(s, factor_bytes) || partial > kMostPartial)) break;
      const double time = model_seconds(s, factor_bytes, choice);
      if (time >= least) continue;
      least = time;
      best = choice;
    }
  }
  return best;
}

TileChoice choose_tile(const ProductSize& s, int factor_bytes, bool hopper) {
  if (forced && of_hopper(forced_choice.tile) == hopper) {
    const int64_t most = std::max<int64_t>(stretches(s, factor_bytes), 1);
    return {forced_choice.tile, std::clamp<int64_t>(forced_choice.parts, 1, most)};
  }
  for (const TileRow& row : kRows)
    if (row.factor_bytes == factor_bytes && row.size == s && of_hopper(row.choice.tile) == hopper)
      return row.choice;
  return model_choice(s, factor_bytes, hopper);
}

std::span<const TileRow> tile_rows() { return kRows; }

std::string name_of(Tile tile) { return kFacts[static_cast<int>(tile)].name; }

void force_tile(std::optional<TileChoice> choice) {
  if (choice) forced_choice = *choice;
  forced = choice.has_value();
}

std::optional<TileChoice> forced_tile() {
  return forced ? std::optional(forced_choice) : std::nullopt;
}

size_t parts_bytes(const ProductSize& s, const TileChoice& choice) {
  if (choice.parts == 1) return 0;
  return static_cast<size_t>(choice.parts * s.batch * s.m * s.n) * sizeof(float);
}

}  // namespace kn::cuda
