#include "exec/runnable_plan.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "exec/arena.h"
#include "exec/profiler.h"
#include "graph/op_def.h"
#include "runtime/float_mode.h"

namespace kn {

void fail_outside(const Node& node, double index, int64_t extent) {
  const bool classes = node.op->name.find("sparse") != std::string_view::npos;
  const std::string of_layer = node.layer.empty() ? "" : "; layer '" + node.layer + "'";
  // The shortest text of a double, whole numbers without exponent.
  char got[32];
  *std::to_chars(got, got + sizeof got - 1, index).ptr = 0;
  fail<ValueError>('[', node.op->name, "] expected ", classes ? "class numbers" : "indices",
                   " within [0, ", extent, "); got ", got, of_layer);
}

RunnablePlan::RunnablePlan(Plan plan) : plan_(std::move(plan)) {
  if (!plan_.device) plan_.device = &cpu_device();
  queued_ = plan_.device->queued();
  memory_bytes_ = plan_.arena_bytes;
  if (queued_) place_constants();
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
    case Place::kArena: return arena.base + p.offset;
    case Place::kVariable: return plan_.variables[p.index]->data();
    case Place::kConstant:
      if (queued_) return static_cast<char*>(constants_.data()) + constant_offset_[p.index];
      return const_cast<void*>(plan_.constants[p.index]->data());
    case Place::kInput:
      if (queued_ && arena.queue) return arena.base + feed_offset_[p.index];
      return nullptr;
    case Place::kOutput:
      if (queued_ && arena.queue) return arena.base + result_offset_[p.index];
      return nullptr;
    default: return nullptr;
  }
}

// Constants go to the device once; past the arena there is room for inputs and outputs.
void RunnablePlan::place_constants() {
  size_t total = 0;
  for (const HostTensorPtr& c : plan_.constants) {
    constant_offset_.push_back(total);
    total += padded(c->bytes());
  }
  constants_ = Buffer(*plan_.device, total);
  for (size_t i = 0; i < plan_.constants.size(); ++i)
    plan_.device->copy_in(static_cast<char*>(constants_.data()) + constant_offset_[i],
                          plan_.constants[i]->data(), plan_.constants[i]->bytes());
  memory_bytes_ = padded(memory_bytes_);
  const auto reserve = [&](const std::vector<TensorType>& types, std::vector<size_t>& offsets) {
    for (const TensorType& t : types) {
      offsets.push_back(memory_bytes_);
      memory_bytes_ += padded(t.bytes());
    }
  };
  reserve(plan_.inputs, feed_offset_);
  reserve(plan_.outputs, result_offset_);
}

void RunnablePlan::reserve(Arena& arena) const {
  try {
    arena.memory = Buffer(*plan_.device, memory_bytes_);
  } catch (const RuntimeError& e) {
    fail<RuntimeError>(e.what(), " (a plan of ", plan_.steps.size(), " steps needs ", memory_bytes_,
                       " bytes besides its variables)");
  }
  arena.base = static_cast<char*>(arena.memory.data());
  if (queued_) arena.queue = plan_.device->make_queue();
}

void RunnablePlan::bring_variables() const {
  if (brought_.load(std::memory_order_relaxed) == storage_epoch()) return;
  const auto here = [&](const auto& v) { return &v->device() == plan_.device; };
  if (!std::all_of(plan_.variables.begin(), plan_.variables.end(), here))
    bring_to(*plan_.device, plan_.variables);
  brought_.store(storage_epoch(), std::memory_order_relaxed);
}

void RunnablePlan::resolve(Arena& arena) const {
  for (const auto& v : plan_.variables)
    if (&v->device() != plan_.device)
      fail<RuntimeError>("variable '", v->name(), "' was moved to ", v->device().name(),
                         " while a function ran on ", plan_.device->name());
  arena.epoch = storage_epoch();
  arena.changed = true;
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
    reserve(*arena);
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
  if (queued_) return run_queued(inputs, outputs, number, pool);
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
      fail_outside(*step.node, fault.index(), fault.extent());
  }
  void** operands = table + slots_ - 2 * plan_.copies.size();
  for (const Copy& copy : plan_.copies) {
    if (copy.bytes) std::memmove(operands[1], operands[0], copy.bytes);
    operands += 2;
  }
  give_back(std::move(arena));
}

}  // namespace kn
