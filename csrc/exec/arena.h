// What one run of a plan in flight has for itself. Only of use to those who run plans.
#pragma once

#include <memory>
#include <vector>

#include "exec/runnable_plan.h"
#include "runtime/queue.h"

namespace kn {

inline size_t padded(size_t bytes) {
  constexpr size_t kAlignment = 64;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct RunnablePlan::Arena {
  Buffer memory;
  char* base = nullptr;  // that memory, or what run_inside was given
  std::vector<void*> table;
  uint64_t epoch = 0;  // of variable storage, when the table was resolved
  // Of devices with queues:
  Buffer ring, totals;  // batches on their way, and what is kept of them (exec/stretch.h)
  // Where the inputs of the recorded steps come from; empty where they are fed from outside.
  std::vector<const void*> sources;
  std::unique_ptr<Queue> queue;  // waits for its work before the memory goes
  bool changed = true;           // table or sources, since the queue has recorded the steps
};

// Throws ValueError: an index, a class number, was outside its axis.
[[noreturn]] void fail_outside(const Node& node, double index, int64_t extent);

}  // namespace kn
