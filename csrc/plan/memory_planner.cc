#include "plan/memory_planner.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace kn {

namespace {

size_t padded(size_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

bool overlap_in_time(const Usage& a, const Usage& b) {
  return a.first <= b.last && b.first <= a.last;
}

struct Block {
  size_t from, to;
};

// Offset of the tightest gap between `taken` (sorted by start) that holds `bytes`; past the end of
// all of them where none does.
size_t best_gap(const std::vector<Block>& taken, size_t bytes) {
  size_t best = std::numeric_limits<size_t>::max(), best_size = best, end = 0;
  for (const Block& b : taken) {
    if (b.from >= end + bytes && b.from - end < best_size) {
      best_size = b.from - end;
      best = end;
    }
    end = std::max(end, b.to);
  }
  return best == std::numeric_limits<size_t>::max() ? end : best;
}

}  // namespace

Placement place(const std::vector<Usage>& usages) {
  std::vector<int> order(usages.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return usages[a].bytes > usages[b].bytes; });
  Placement result;
  result.offsets.assign(usages.size(), 0);
  std::vector<int> placed;
  std::vector<Block> taken;
  for (int i : order) {
    if (usages[i].bytes == 0) continue;
    const size_t bytes = padded(usages[i].bytes);
    taken.clear();
    for (int j : placed)
      if (overlap_in_time(usages[i], usages[j]))
        taken.push_back({result.offsets[j], result.offsets[j] + padded(usages[j].bytes)});
    std::sort(taken.begin(), taken.end(), [](Block a, Block b) { return a.from < b.from; });
    result.offsets[i] = best_gap(taken, bytes);
    result.arena_bytes = std::max(result.arena_bytes, result.offsets[i] + bytes);
    placed.push_back(i);
  }
  return result;
}

}  // namespace kn
