// A plan with what it needs to run: spare arenas, and for each of them the flat table of operand
// pointers that the steps read.
//
// On a device with queues an arena has a queue of its own, and room for what is fed and for the
// results besides: every pointer then stays the same from run to run, so that the device may record
// the steps once and repeat them (runtime/queue.h).
#pragma once

#include <atomic>
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

  // Back to this plan's device, where a function on another one has taken them away meanwhile.
  void bring_variables() const;

  // A stretch of batches on a device with queues (exec/stretch.h).
  class Stretch;

  // As part of another plan's run on a device with queues: `memory` holds arena_bytes, inputs and
  // outputs are the device's, and everything is queued where args.queued says.
  void run_inside(const RunArgs& args, void* memory, std::span<const void* const> inputs,
                  std::span<void* const> outputs) const;

 private:
  struct Arena;
  // Entry `slot` of the pointer table takes what input or output `index` points at.
  struct Patch {
    int slot;
    int index;
  };

  std::unique_ptr<Arena> take_arena() const;
  void give_back(std::unique_ptr<Arena> arena) const;
  void reserve(Arena& arena) const;
  void resolve(Arena& arena) const;
  void* locate(const Place& place, const Arena& arena) const;
  void run_queued(std::span<const void* const> inputs, std::span<void* const> outputs,
                  uint64_t step, ThreadPool& pool) const;
  void queue_steps(Arena& arena, const RunArgs& args) const;
  void place_constants();

  Plan plan_;
  bool queued_ = false;  // the device has queues
  Buffer constants_;     // there: copies of the plan's constants,
  std::vector<size_t> constant_offset_;
  std::vector<size_t> feed_offset_, result_offset_;  // and past the arena what goes in and out
  size_t memory_bytes_ = 0;
  int slots_ = 0;
  std::vector<int> first_slot_;  // of each step: inputs, then outputs
  std::vector<Patch> inputs_, outputs_;
  mutable std::atomic<uint64_t> brought_{0};  // storage epoch at which the variables were here
  mutable std::mutex lock_;
  mutable std::vector<std::unique_ptr<Arena>> spare_;
};

}  // namespace kn
