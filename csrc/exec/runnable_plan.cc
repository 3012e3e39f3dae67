#include "exec/runnable_plan.h"

#include <charconv>
#include <cstring>

#include "base/error.h"
#include "exec/profiler.h"
#include "graph/op_def.h"
#include "runtime/float_mode.h"

namespace kn {

namespace {

[[noreturn]] void fail_outside(const Node& node, const Fault& fault) {
  const bool classes = node.op->name.find("sparse") != std::string_view::npos;
  const std::string of_layer = node.layer.empty() ? "" : "; layer '" + node.layer + "'";
  // The shortest text of a double, whole numbers without exponent.
  char got[32];
  *std::to_chars(got, got + sizeof got - 1, fault.index()).ptr = 0;
  fail<ValueError>('[', node.op->name, "] expected ", classes ? "class numbers" : "indices",
                   " within [0, ", fault.extent(), "); got ", got, of_layer);
}

}  // namespace

struct RunnablePlan::Arena {
  Buffer memory;
  std::vector<void*> table;
  uint64_t epoch = 0;  // of variable storage, when the table was resolved
};

RunnablePlan::RunnablePlan(Plan plan) : plan_(std::move(plan)) {
  auto add = [&](const Place& p) {
    if (p.kind == Place::kInput) inputs_.push_back({slots_, p.index});
    if (p.kind == Place::kOutput) outputs_.push_back({slots_, p.index});
    ++slots_;
  };
  for (const Step& step : plan_.steps) {
    first_slot_.push_back(slots_);
    for (const Place& p : step.in) add(p);
    for (const Place& p : step.out) add(p);
  }
  for (const Copy& copy : plan_.copies) {
    add(copy.from);
    add(copy.to);
  }
}

RunnablePlan::~RunnablePlan() = default;

void* RunnablePlan::locate(const Place& p, const Arena& arena) const {
  switch (p.kind) {
    case Place::kArena: return static_cast<char*>(arena.memory.data()) + p.offset;
    case Place::kVariable: return plan_.variables[p.index]->data();
    case Place::kConstant: return const_cast<void*>(plan_.constants[p.index]->data());
    default: return nullptr;
  }
}

void RunnablePlan::resolve(Arena& arena) const {
  arena.epoch = storage_epoch();
  arena.table.clear();
  for (const Step& step : plan_.steps) {
    for (const Place& p : step.in) arena.table.push_back(locate(p, arena));
    for (const Place& p : step.out) arena.table.push_back(locate(p, arena));
  }
  for (const Copy& copy : plan_.copies) {
    arena.table.push_back(locate(copy.from, arena));
    arena.table.push_back(locate(copy.to, arena));
  }
}

std::unique_ptr<RunnablePlan::Arena> RunnablePlan::take_arena() const {
  std::unique_ptr<Arena> arena;
  {
    std::lock_guard<std::mutex> hold(lock_);
    if (!spare_.empty()) {
      arena = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (!arena) {
    arena = std::make_unique<Arena>();
    arena->memory = Buffer(cpu_device(), plan_.arena_bytes);
    arena->table.reserve(slots_);
    resolve(*arena);
  } else if (arena->epoch != storage_epoch()) {
    resolve(*arena);
  }
  return arena;
}

void RunnablePlan::give_back(std::unique_ptr<Arena> arena) const {
  std::lock_guard<std::mutex> hold(lock_);
  spare_.push_back(std::move(arena));
}

void RunnablePlan::run(std::span<const void* const> inputs, std::span<void* const> outputs,
                       uint64_t number, ThreadPool& pool) const {
  const FlushSubnormals mode;
  std::unique_ptr<Arena> arena = take_arena();
  void** table = arena->table.data();
  for (const Patch& p : inputs_) table[p.slot] = const_cast<void*>(inputs[p.index]);
  for (const Patch& p : outputs_) table[p.slot] = outputs[p.index];
  char* memory = static_cast<char*>(arena->memory.data());
  Profiler* profiler = Profiler::active();
  Fault fault;
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    void** operands = table + first_slot_[i];
    const RunArgs args{operands, operands + step.in.size(), memory + step.workspace, &pool, number,
                       &fault};
    if (profiler) profiler->time(step, [&] { step.kernel->run(args); });
    else step.kernel->run(args);
    if (fault.raised()) [[unlikely]]
      fail_outside(*step.node, fault);
  }
  void** operands = table + slots_ - 2 * plan_.copies.size();
  for (const Copy& copy : plan_.copies) {
    if (copy.bytes) std::memmove(operands[1], operands[0], copy.bytes);
    operands += 2;
  }
  give_back(std::move(arena));
}

}  // namespace kn
