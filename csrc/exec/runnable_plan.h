// A plan with what it needs to run: spare arenas, and for each of them the flat table of operand
// pointers that the steps read.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "plan/plan.h"
#include "runtime/thread_pool.h"

namespace kn {

class RunnablePlan {
 public:
  explicit RunnablePlan(Plan plan);
  ~RunnablePlan();

  const Plan& plan() const { return plan_; }
  void run(std::span<const void* const> inputs, std::span<void* const> outputs, uint64_t step,
           ThreadPool& pool) const;

 private:
  struct Arena;
  // Entry `slot` of the pointer table takes what input or output `index` points at.
  struct Patch {
    int slot;
    int index;
  };

  std::unique_ptr<Arena> take_arena() const;
  void give_back(std::unique_ptr<Arena> arena) const;
  void resolve(Arena& arena) const;
  void* locate(const Place& place, const Arena& arena) const;

  Plan plan_;
  int slots_ = 0;
  std::vector<int> first_slot_;  // of each step: inputs, then outputs
  std::vector<Patch> inputs_, outputs_;
  mutable std::mutex lock_;
  mutable std::vector<std::unique_ptr<Arena>> spare_;
};

}  // namespace kn
