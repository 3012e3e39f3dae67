// Which tile a product is cut into, and into how many parts k is: by a table of
// shapes that were measured or thought through, else by a model of the chip. By the shape alone, so
// that results have the same bits everywhere.
//
// The model (tile_table.cc) is of an H200. A block takes the longer of two times per stretch:
// arithmetic, at what its unit reaches, and its factors' way from L2. Blocks of one multiprocessor
// share both; one alone also waits for memory between stretches. All multiprocessors work until the
// last wave of blocks is over: this is what few large tiles lose, and what parts of k are for.
// Parts cost a kernel that joins them, and the traffic of their sums.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "product_size.h"

namespace kn::cuda {

// What multiplies: tensor cores, by factors of TF32 or halves; or plain arithmetic of float32 (and
// int32) or of 8 bytes.
enum class Unit : uint8_t { tf32, halves, plain, plain_wide };
inline constexpr int kUnits = 4;

// For factors of type T.
template <class T, bool kTensor>
constexpr Unit unit_of() {
  if (kTensor) return sizeof(T) == 2 ? Unit::halves : Unit::tf32;
  return sizeof(T) == 8 ? Unit::plain_wide : Unit::plain;
}

// 128 x 128, 128 x 64 and 64 x 64 by mma.sync or plain arithmetic; 128 x 256 and 128 x 128 by
// wgmma.
enum class Tile : uint8_t { large, tall, small, hopper_wide, hopper_square };
inline constexpr int kTiles = 5;
constexpr bool of_hopper(Tile tile) { return tile >= Tile::hopper_wide; }

struct TileChoice {
  Tile tile;
  int64_t parts;
  bool operator==(const TileChoice&) const = default;
};

// Where a row of the table comes from: the model, or a device (the tool that measured it, its date
// and chip stand beside the row).
enum class Source : uint8_t { predicted, measured };

// Of one set of tiles.
struct TileRow {
  Unit unit;
  ProductSize size;
  TileChoice choice;
  Source source;
};

// Among the tiles of Hopper or the others.
TileChoice choose_tile(const ProductSize& size, Unit unit, bool hopper = false);
// What the model says, and how long it thinks `choice` takes, in seconds.
TileChoice model_choice(const ProductSize& size, Unit unit, bool hopper = false);
double model_seconds(const ProductSize& size, Unit unit, const TileChoice& choice);
std::span<const TileRow> tile_rows();

std::string name_of(Tile tile);
std::string name_of(Unit unit);
// For kernels made from now on: this choice instead, for measurements and tests. That of one set of
// tiles rules out the other.
void force_tile(std::optional<TileChoice> choice);
std::optional<TileChoice> forced_tile();

size_t parts_bytes(const ProductSize& size, const TileChoice& choice, size_t sum_bytes);

}  // namespace kn::cuda
