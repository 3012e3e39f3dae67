// A stable radix sort of small keys with their positions.
#pragma once

#include "run.h"

namespace kn::cuda {

// Sorts n keys below `bound` (and their values) by key, equal ones in their order.
class RadixSort {
 public:
  RadixSort(int64_t n, uint64_t bound);

  size_t workspace_bytes() const;
  // Where the caller puts keys and values, and where the sorted ones are after run().
  struct Lists {
    uint32_t *keys, *values;
  };
  Lists input(void* workspace) const { return lists(workspace, 0); }
  Lists sorted(void* workspace) const { return lists(workspace, passes_ % 2); }
  void run(const RunArgs& args, void* workspace) const;

 private:
  Lists lists(void* workspace, int which) const;

  int64_t n_, tiles_;
  int passes_ = 0;
};

}  // namespace kn::cuda
