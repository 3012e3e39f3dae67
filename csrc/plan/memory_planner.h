// Places buffers with known lifetimes into one arena. Works on plain records so that it can be
// tested without any op: the largest buffer first, each into the smallest gap that is free over its
// whole life (best fit), as in XNNPACK and tinygrad.
#pragma once

#include <cstddef>
#include <vector>

namespace kn {

struct Usage {
  size_t bytes = 0;
  int first = 0;  // steps at which the buffer is live, both included
  int last = 0;
};

struct Placement {
  std::vector<size_t> offsets;  // one per usage, multiples of kArenaAlignment
  size_t arena_bytes = 0;
};

inline constexpr size_t kArenaAlignment = 64;

Placement place(const std::vector<Usage>& usages);

}  // namespace kn
