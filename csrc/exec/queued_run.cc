// Runs on devices with queues.
#include <utility>

#include "exec/arena.h"
#include "exec/profiler.h"
#include "runtime/float_mode.h"

namespace kn {

void RunnablePlan::run_queued(std::span<const void* const> inputs, std::span<void* const> outputs,
                              uint64_t number, ThreadPool& pool) const {
  const FlushSubnormals mode;
  std::unique_ptr<Arena> arena = take_arena();
  Queue& queue = *arena->queue;
  queue.begin(number);
  for (size_t i = 0; i < inputs.size(); ++i)
    queue.copy_in(arena->base + feed_offset_[i], inputs[i], plan_.inputs[i].bytes());
  Queued queued{&queue};
  RunArgs args{nullptr, nullptr, nullptr, &pool, number};
  args.queued = &queued;
  if (!arena->sources.empty()) {
    arena->sources.clear();
    arena->changed = true;
  }
  // One by one, to be timed: what is recorded has no seams.
  if (Profiler::active()) queue_steps(*arena, args);
  else queue.replay([&] { queue_steps(*arena, args); }, std::exchange(arena->changed, false));
  for (size_t i = 0; i < outputs.size(); ++i)
    queue.copy_out(outputs[i], arena->base + result_offset_[i], plan_.outputs[i].bytes());
  const FaultReport fault = queue.finish();
  if (fault.raised) fail_outside(*static_cast<const Node*>(fault.site), fault.index, fault.extent);
  give_back(std::move(arena));
}

void RunnablePlan::queue_steps(Arena& arena, const RunArgs& outer) const {
  void** table = arena.table.data();
  Profiler* profiler = Profiler::active();
  Queued queued = *outer.queued;
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    void** operands = table + first_slot_[i];
    queued.site = step.node.get();
    RunArgs args{operands, operands + step.in.size(), arena.base + step.workspace, outer.pool,
                 outer.step};
    args.queued = &queued;
    if (profiler) {
      profiler->time(step, [&] {
        step.kernel->run(args);
        queued.queue->finish();
      });
    } else {
      step.kernel->run(args);
    }
  }
  void** operands = table + slots_ - 2 * plan_.copies.size();
  for (const Copy& copy : plan_.copies) {
    if (copy.bytes) queued.queue->copy_within(operands[1], operands[0], copy.bytes);
    operands += 2;
  }
}

void RunnablePlan::run_inside(const RunArgs& args, void* memory,
                              std::span<const void* const> inputs,
                              std::span<void* const> outputs) const {
  std::unique_ptr<Arena> arena;
  {
    std::lock_guard<std::mutex> hold(lock_);
    if (!spare_.empty()) {
      arena = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (!arena) arena = std::make_unique<Arena>();
  if (arena->base != memory || arena->epoch != storage_epoch()) {
    arena->base = static_cast<char*>(memory);
    resolve(*arena);
  }
  for (const Patch& p : inputs_) arena->table[p.slot] = const_cast<void*>(inputs[p.index]);
  for (const Patch& p : outputs_) arena->table[p.slot] = outputs[p.index];
  queue_steps(*arena, args);
  give_back(std::move(arena));
}

}  // namespace kn
