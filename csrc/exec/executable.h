// Outputs and updates as a function of inputs. The first call with a new set of input shapes (and
// learning phase) compiles the graph for them and makes a plan; later calls find it. A call takes a
// spare arena of its plan, points the feeds at the caller's arrays and walks the flat list: nothing
// is allocated, looked up or locked while the steps run, and several threads may run one executable
// at once.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "exec/loop_kernel.h"
#include "graph/graph.h"
#include "plan/plan.h"
#include "runtime/thread_pool.h"

namespace kn {

class RunnablePlan;

// An array of the caller: dense, row-major.
struct ArrayRef {
  const void* data;  // nullptr for plans that must not depend on values
  TensorType type;
};

enum class Phase : int { input = -1, test = 0, training = 1 };

class Executable {
 public:
  // Throws ValueError where an output depends on a placeholder that is not among the inputs.
  Executable(Graph graph, const KernelSource& kernels, Phase phase, std::string name);
  ~Executable();

  const Graph& graph() const { return graph_; }
  const std::string& name() const { return name_; }

  // The plan for inputs of these types that was made before; nullptr where there is none.
  std::shared_ptr<const RunnablePlan> find_plan(std::span<const ArrayRef> inputs, Phase phase);

  // The plan for inputs of these types, made where there is none yet. Throws ValueError where a
  // type does not fit the placeholder it is for.
  std::shared_ptr<const RunnablePlan> plan_for(std::span<const ArrayRef> inputs, Phase phase);

  // Runs that plan; outputs are written to `outputs`, one pointer each, of the plan's types.
  void run(const RunnablePlan& plan, std::span<const void* const> inputs,
           std::span<void* const> outputs);

  // Numbers of the next `count` steps, the first of which is returned.
  uint64_t take_steps(uint64_t count) { return step_.fetch_add(count, std::memory_order_relaxed); }
  Device& device() const { return kernels_.device(); }

  uint64_t step() const { return step_.load(); }
  void set_step(uint64_t step) { step_.store(step); }

  // The compiled plans, for a person to read.
  std::string text() const;

 private:
  bool trains(Phase phase) const {
    return (phase_ == Phase::input ? phase : phase_) == Phase::training;
  }
  std::shared_ptr<const RunnablePlan> find(std::span<const ArrayRef> inputs, bool training);
  Plan compile(std::span<const ArrayRef> inputs, bool training) const;
  void check_inputs(std::span<const ArrayRef> inputs) const;
  void drop_old_plans();

  Graph graph_;
  WithLoops kernels_;
  Phase phase_;
  std::string name_;
  std::atomic<uint64_t> step_{0};
  mutable std::mutex lock_;
  std::vector<std::shared_ptr<const RunnablePlan>> plans_;  // the last one used first
};

}  // namespace kn
