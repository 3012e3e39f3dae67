// A tensor map as the stand-in's driver writes it.
#pragma once

#include <cstdint>

namespace stand_in {

struct MapOnHost {
  const void* data;
  int64_t matrices, rows, columns;
  int32_t element, box_rows;
};
static_assert(sizeof(MapOnHost) <= 128);

}  // namespace stand_in
