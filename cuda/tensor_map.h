// What the copy engine of compute capability 9.0 (TMA) knows of a matrix in device memory: its
// extents, and the box that one copy brings to shared memory. Made by the driver, whose function is
// found at run time.
#pragma once

#include <cstdint>
#include <string>

namespace kn::cuda {

// Opaque: the driver's CUtensorMap.
struct alignas(64) TensorMap {
  uint64_t words[16];
};

enum class MapType { float16, bfloat16, tf32 };  // tf32: floats, cut to it on their way

// `matrices` after each other, of rows of `columns` elements; a box has 128 bytes of each of
// `box_rows` rows of one, whose runs of 16 bytes change places by the number of the row, as wgmma
// expects. Beyond the matrix are zeros.
struct MapRequest {
  MapType type;
  const void* data;
  int64_t matrices, rows, columns;
  int box_rows;
};

// Whether the driver makes maps, or why not.
bool can_map(std::string& refusal);
// Whether copies can read such matrices: rows at multiples of 16 bytes, extents of 32 bits.
bool can_map(const MapRequest& request);
// False where the driver refuses.
bool make_map(const MapRequest& request, TensorMap& map);

}  // namespace kn::cuda
