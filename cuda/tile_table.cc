#include "tile_table.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/rounding.h"

namespace kn::cuda {

namespace {

// An H200 as the model sees it; nanoseconds and bytes.
constexpr double kMultiprocessors = 132;
constexpr double kFromL2 = 75;                        // bytes per ns and multiprocessor
constexpr double kBlock = 2000;                       // to begin and to store
constexpr double kJoinLaunch = 1500, kMemory = 4300;  // bytes per ns of the whole device

struct UnitFacts {
  const char* name;
  int factor_bytes, sum_bytes, stretch_bytes;
  double flop;   // per ns and multiprocessor, in the tile that suits it best
  double alone;  // ns between stretches of a block by itself
};
constexpr UnitFacts kUnitFacts[kUnits] = {{"tf32", 4, 4, 128, 2350, 300},
                                          {"halves", 2, 4, 128, 4700, 300},
                                          {"plain", 4, 4, 64, 395, 200},
                                          {"plain_wide", 8, 8, 64, 180, 200}};

// What share of its unit's arithmetic a tile reaches, since smaller parts of a warp or a thread
// read shared memory more often, and how many blocks find room on a multiprocessor: on tensor
// cores, and in plain arithmetic (none where a unit does not know the tile).
struct TileFacts {
  const char* name;
  int64_t m, n;
  double share, resident;
  double plain_share, plain_resident;
};
constexpr double kHopper = 6000.0 / 4700;
constexpr TileFacts kFacts[kTiles] = {{"large", 128, 128, 1, 2, 1, 2},
                                      {"tall", 128, 64, 0.85, 3, 0.97, 4},
                                      {"small", 64, 64, 0.65, 4, 0.85, 4},
                                      {"hopper_wide", 128, 256, kHopper, 1, 0, 0},
                                      {"hopper_square", 128, 128, kHopper, 1, 0, 0}};

constexpr int64_t kParts[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128};
constexpr double kMostPartial = 256e6;  // bytes

const UnitFacts& facts_of(Unit unit) { return kUnitFacts[static_cast<int>(unit)]; }

int64_t stretches(const ProductSize& s, Unit unit) {
  const UnitFacts& u = facts_of(unit);
  return ceil_div(s.k, u.stretch_bytes / u.factor_bytes);
}

// The shapes of the workloads: of every dense layer the product, the gradient to its inputs and
// that to its weights; and squares.
using enum Tile;
using enum Unit;
constexpr TileRow kRows[] = {
    // mlp_mnist
    {tf32, {1, 64, 1000, 784}, {small, 5}, Source::predicted},
    {tf32, {1, 64, 784, 1000}, {small, 8}, Source::predicted},
    {tf32, {1, 784, 1000, 64}, {tall, 1}, Source::predicted},
    {halves, {1, 64, 1000, 784}, {small, 5}, Source::predicted},
    {halves, {1, 64, 784, 1000}, {small, 8}, Source::predicted},
    {halves, {1, 784, 1000, 64}, {tall, 1}, Source::predicted},
    {tf32, {1, 64, 10, 1000}, {small, 16}, Source::predicted},
    {tf32, {1, 64, 1000, 10}, {small, 1}, Source::predicted},
    {tf32, {1, 1000, 10, 64}, {small, 1}, Source::predicted},
    {halves, {1, 64, 10, 1000}, {small, 8}, Source::predicted},
    {halves, {1, 64, 1000, 10}, {small, 1}, Source::predicted},
    {halves, {1, 1000, 10, 64}, {small, 1}, Source::predicted},
    // mlp_wide
    {tf32, {1, 256, 2048, 784}, {small, 1}, Source::predicted},
    {tf32, {1, 256, 784, 2048}, {tall, 5}, Source::predicted},
    {tf32, {1, 784, 2048, 256}, {large, 1}, Source::predicted},
    {halves, {1, 256, 2048, 784}, {small, 1}, Source::predicted},
    {halves, {1, 256, 784, 2048}, {tall, 4}, Source::predicted},
    {halves, {1, 784, 2048, 256}, {large, 1}, Source::predicted},
    {tf32, {1, 256, 2048, 2048}, {large, 4}, Source::predicted},
    {tf32, {1, 2048, 2048, 256}, {hopper_wide, 1}, Source::predicted},
    {halves, {1, 256, 2048, 2048}, {tall, 2}, Source::predicted},
    {halves, {1, 2048, 2048, 256}, {hopper_wide, 1}, Source::predicted},
    // cnn_mnist
    {tf32, {1, 128, 128, 9216}, {tall, 48}, Source::predicted},
    {tf32, {1, 128, 9216, 128}, {large, 1}, Source::predicted},
    {tf32, {1, 9216, 128, 128}, {large, 1}, Source::predicted},
    {halves, {1, 128, 128, 9216}, {tall, 48}, Source::predicted},
    {halves, {1, 128, 9216, 128}, {large, 1}, Source::predicted},
    {halves, {1, 9216, 128, 128}, {large, 1}, Source::predicted},
    // vgg_like
    {tf32, {1, 32, 256, 30976}, {small, 64}, Source::predicted},
    {tf32, {1, 32, 30976, 256}, {hopper_wide, 1}, Source::predicted},
    {tf32, {1, 30976, 256, 32}, {hopper_wide, 1}, Source::predicted},
    {halves, {1, 32, 256, 30976}, {small, 64}, Source::predicted},
    {halves, {1, 32, 30976, 256}, {hopper_wide, 1}, Source::predicted},
    {halves, {1, 30976, 256, 32}, {hopper_wide, 1}, Source::predicted},
    // squares, without and with Hopper's tiles
    {tf32, {1, 1024, 1024, 1024}, {tall, 1}, Source::predicted},
    {tf32, {1, 1024, 1024, 1024}, {hopper_square, 2}, Source::predicted},
    {halves, {1, 1024, 1024, 1024}, {tall, 1}, Source::predicted},
    {halves, {1, 1024, 1024, 1024}, {hopper_square, 1}, Source::predicted},
    {tf32, {1, 2048, 2048, 2048}, {large, 1}, Source::predicted},
    {tf32, {1, 2048, 2048, 2048}, {hopper_wide, 1}, Source::predicted},
    {halves, {1, 2048, 2048, 2048}, {large, 1}, Source::predicted},
    {halves, {1, 2048, 2048, 2048}, {hopper_wide, 1}, Source::predicted},
    {tf32, {1, 4096, 4096, 4096}, {large, 1}, Source::predicted},
    {tf32, {1, 4096, 4096, 4096}, {hopper_wide, 1}, Source::predicted},
    {halves, {1, 4096, 4096, 4096}, {large, 1}, Source::predicted},
    {halves, {1, 4096, 4096, 4096}, {hopper_wide, 1}, Source::predicted},
    {tf32, {1, 8192, 8192, 8192}, {large, 1}, Source::predicted},
    {tf32, {1, 8192, 8192, 8192}, {hopper_wide, 1}, Source::predicted},
    {halves, {1, 8192, 8192, 8192}, {large, 1}, Source::predicted},
    {halves, {1, 8192, 8192, 8192}, {hopper_wide, 1}, Source::predicted},
};

std::atomic<bool> forced{false};
TileChoice forced_choice{};

}  // namespace

double model_seconds(const ProductSize& s, Unit unit, const TileChoice& choice) {
  const TileFacts& tile = kFacts[static_cast<int>(choice.tile)];
  const UnitFacts& u = facts_of(unit);
  const bool by_tensor_cores = unit == tf32 || unit == halves;
  const double flop = u.flop * (by_tensor_cores      ? tile.share
                                : unit == plain_wide ? 1
                                                     : tile.plain_share);
  const auto blocks =
      static_cast<double>(ceil_div(s.m, tile.m) * ceil_div(s.n, tile.n) * s.batch * choice.parts);
  const auto deep = static_cast<double>(ceil_div(stretches(s, unit), choice.parts));
  const int steps = u.stretch_bytes / u.factor_bytes;
  const auto area = static_cast<double>(tile.m * tile.n),
             edge = static_cast<double>(tile.m + tile.n);
  const double work = std::max(2 * area * steps / flop, edge * u.stretch_bytes / kFromL2);
  const double each = std::max(1.0, std::ceil(blocks / kMultiprocessors));
  const double rounds = std::ceil(each / (by_tensor_cores ? tile.resident : tile.plain_resident));
  double time = std::max(each * deep * work, rounds * deep * std::max(work, u.alone));
  time += rounds * kBlock;
  if (choice.parts > 1) {
    const auto sums = static_cast<double>(s.batch * s.m * s.n * u.sum_bytes);
    time += kJoinLaunch + sums * static_cast<double>(2 * choice.parts + 1) / kMemory;
  }
  return 1e-9 * time;
}

TileChoice model_choice(const ProductSize& s, Unit unit, bool hopper) {
  TileChoice best{hopper ? hopper_square : small, 1};
  double least = model_seconds(s, unit, best);
  for (const Tile tile : {small, tall, large, hopper_square, hopper_wide}) {
    if (of_hopper(tile) != hopper || (unit == plain_wide && tile != small)) continue;
    for (const int64_t parts : kParts) {
      const TileChoice choice{tile, parts};
      const auto partial = static_cast<double>(
          parts_bytes(s, choice, static_cast<size_t>(facts_of(unit).sum_bytes)));
      if (parts > 1 && (2 * parts > stretches(s, unit) || partial > kMostPartial)) break;
      const double time = model_seconds(s, unit, choice);
      if (time >= least) continue;
      least = time;
      best = choice;
    }
  }
  return best;
}

TileChoice choose_tile(const ProductSize& s, Unit unit, bool hopper) {
  if (forced && of_hopper(forced_choice.tile) == hopper) {
    const int64_t most = std::max<int64_t>(stretches(s, unit), 1);
    return {forced_choice.tile, std::clamp<int64_t>(forced_choice.parts, 1, most)};
  }
  for (const TileRow& row : kRows)
    if (row.unit == unit && row.size == s && of_hopper(row.choice.tile) == hopper)
      return row.choice;
  return model_choice(s, unit, hopper);
}

std::span<const TileRow> tile_rows() { return kRows; }

std::string name_of(Tile tile) { return kFacts[static_cast<int>(tile)].name; }
std::string name_of(Unit unit) { return facts_of(unit).name; }

void force_tile(std::optional<TileChoice> choice) {
  if (choice) forced_choice = *choice;
  forced = choice.has_value();
}

std::optional<TileChoice> forced_tile() {
  return forced ? std::optional(forced_choice) : std::nullopt;
}

size_t parts_bytes(const ProductSize& s, const TileChoice& choice, size_t sum_bytes) {
  if (choice.parts == 1) return 0;
  return static_cast<size_t>(choice.parts * s.batch * s.m * s.n) * sum_bytes;
}

}  // namespace kn::cuda
