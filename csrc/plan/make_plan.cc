#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "graph/op_def.h"
#include "plan/memory_planner.h"
#include "plan/plan.h"

namespace kn {

namespace {

// A piece of memory that one or several values (aliases, in-place results) share.
struct Storage {
  Place place;  // kNone until decided; then kArena until the planner gives an offset
  size_t bytes = 0;
  int first = 0;
  int last = 0;       // last step that reads or writes it
  bool late = false;  // read after the last step: by a copy, or by the caller
};

class Planner {
 public:
  Planner(const Graph& graph, const KernelSource& kernels) : graph_(graph), kernels_(kernels) {}

  Plan run() {
    plan_.device = &kernels_.device();
    for (const Value& v : graph_.inputs) plan_.inputs.push_back(v.type());
    for (const Value& v : graph_.outputs) plan_.outputs.push_back(v.type());
    for (int i = 0; i < static_cast<int>(graph_.inputs.size()); ++i)
      fed_[graph_.inputs[i].node.get()] = i;
    order_ = topological_order(graph_.roots());
    make_steps();
    assign_storage();
    find_last_reads();
    place_outputs();
    place_updates();
    share_in_place();
    place_in_arena();
    fill_operands();
    add_copies();
    return std::move(plan_);
  }

 private:
  // Kernels in order; step numbers of nodes.
  void make_steps() {
    for (const NodePtr& node : order_) {
      if (node->op->is(kSource) || node->op->is(kAlias)) continue;
      Step step;
      step.kernel = choose_kernel(*node, kernels_, step.candidate, step.refusals);
      if (!step.kernel)
        fail<RuntimeError>("[", node->op->name, "] has no kernel for ",
                           node->inputs.empty() ? TensorType{} : node->inputs[0].type(),
                           step.refusals.empty() ? "" : " (" + step.refusals + ")");
      step.node = node;
      step_of_[node.get()] = static_cast<int>(plan_.steps.size());
      plan_.steps.push_back(std::move(step));
    }
    end_ = static_cast<int>(plan_.steps.size());
  }

  void assign_storage() {
    for (const NodePtr& node : order_) {
      if (node->op->is(kAlias)) {
        storage_of_[Value{node, 0}] = storage_of_.at(node->inputs[0]);
        continue;
      }
      const auto step = step_of_.find(node.get());
      for (int i = 0; i < static_cast<int>(node->outputs.size()); ++i) {
        Storage s;
        const bool nowhere = node->op->name == "shape_only";
        s.bytes = nowhere ? 0 : node->outputs[i].bytes();
        if (nowhere) s.first = s.last = 0;
        else if (node->op->is(kSource)) s.place = source_place(node);
        else s.first = s.last = step->second;
        storage_of_[Value{node, i}] = static_cast<int>(storages_.size());
        storages_.push_back(s);
      }
    }
  }

  Place source_place(const NodePtr& node) {
    const auto fed = fed_.find(node.get());
    if (fed != fed_.end()) return {Place::kInput, fed->second};
    if (node->op->name == "constant") {
      plan_.constants.push_back(std::static_pointer_cast<const HostTensor>(node->payload));
      return {Place::kConstant, static_cast<int>(plan_.constants.size()) - 1};
    }
    if (node->op->name == "variable") return {Place::kVariable, variable_index(node)};
    fail<ValueError>("expected a value for placeholder '", node->attrs.text("name", ""), "' ",
                     node->outputs[0], " among the inputs; it was not fed");
  }

  int variable_index(const NodePtr& node) {
    const auto* raw = static_cast<const Variable*>(node->payload.get());
    const auto [it, fresh] = variables_.try_emplace(raw, plan_.variables.size());
    if (fresh)
      plan_.variables.push_back(std::const_pointer_cast<Variable>(
          std::static_pointer_cast<const Variable>(node->payload)));
    return it->second;
  }

  Storage& storage(const Value& v) { return storages_[storage_of_.at(v)]; }
  static bool undecided(const Storage& s) { return s.place.kind == Place::kNone; }

  void find_last_reads() {
    for (const Step& step : plan_.steps)
      for (const Value& v : step.node->inputs) {
        Storage& s = storage(v);
        s.last = std::max(s.last, step_of_.at(step.node.get()));
      }
    for (const Value& v : graph_.roots()) ++root_uses_[storage_of_.at(v)];
  }

  // Kernel results that are graph outputs go straight to the caller; others are copied at the end.
  void place_outputs() {
    for (int i = 0; i < static_cast<int>(graph_.outputs.size()); ++i) {
      Storage& s = storage(graph_.outputs[i]);
      const bool direct = undecided(s) && root_uses_[storage_of_.at(graph_.outputs[i])] == 1;
      if (direct) s.place = {Place::kOutput, i};
      else s.late = true;
    }
  }

  // New values of variables: in place where the old value is no longer needed.
  void place_updates() {
    for (const Update& u : graph_.updates) {
      const int target = variable_index(u.variable.node);
      Storage& s = storage(u.value);
      const auto reads = storage_of_.find(u.variable);
      const bool free_from_old = reads == storage_of_.end() || old_value_dead(u, reads->second);
      if (undecided(s) && root_uses_[storage_of_.at(u.value)] == 1 && free_from_old &&
          s.bytes == u.variable.type().bytes() && written_.insert(target).second) {
        s.place = {Place::kVariable, target};
      } else {
        s.late = true;
      }
    }
  }

  // True where the step that makes the new value is the last to read the old one (and may then
  // overwrite it), or comes after all that read it.
  bool old_value_dead(const Update& u, int old_storage) {
    const Storage& old = storages_[old_storage];
    if (old.late || root_uses_[old_storage] > 0) return false;
    const Value maker = produced_by(u.value);
    const auto made = step_of_.find(maker.node.get());
    if (made == step_of_.end()) return false;  // what some source holds: not made at all
    const int step = made->second;
    if (old.last < step) return true;
    if (old.last > step) return false;
    const Step& s = plan_.steps[step];
    for (int i = 0; i < static_cast<int>(s.node->inputs.size()); ++i)
      if (storage_of_.at(s.node->inputs[i]) == old_storage && !s.kernel->in_place(maker.index, i))
        return false;
    return true;
  }

  static Value produced_by(Value v) {
    while (v.node->op->is(kAlias)) v = v.node->inputs[0];
    return v;
  }

  // A result takes over the memory of an input that dies at its step.
  void share_in_place() {
    for (int n = 0; n < end_; ++n) {
      const Step& step = plan_.steps[n];
      std::vector<int> taken;
      for (int o = 0; o < static_cast<int>(step.node->outputs.size()); ++o) {
        const int out = find(storage_of_.at(Value{step.node, o}));
        if (!undecided(storages_[out]) || storages_[out].bytes == 0) continue;
        for (int i = 0; i < static_cast<int>(step.node->inputs.size()); ++i) {
          const int in = find(storage_of_.at(step.node->inputs[i]));
          if (in == out || std::count(taken.begin(), taken.end(), in)) continue;
          if (!can_take_over(step, o, i, in, out, n)) continue;
          taken.push_back(in);
          storages_[in].last = std::max(storages_[in].last, storages_[out].last);
          storages_[in].late = storages_[in].late || storages_[out].late;
          joined_[out] = in;
          break;
        }
      }
    }
  }

  bool can_take_over(const Step& step, int o, int i, int in, int out, int n) {
    const Storage& s = storages_[in];
    if (!undecided(s) || s.late || s.last != n || s.bytes != storages_[out].bytes) return false;
    for (int j = 0; j < static_cast<int>(step.node->inputs.size()); ++j)
      if (find(storage_of_.at(step.node->inputs[j])) == in && !step.kernel->in_place(o, j))
        return false;
    return step.kernel->in_place(o, i);
  }

  int find(int s) const {
    for (auto it = joined_.find(s); it != joined_.end(); it = joined_.find(s)) s = it->second;
    return s;
  }

  void place_in_arena() {
    std::vector<Usage> usages;
    std::vector<int> owners;  // storage, or -1 - step for a workspace
    for (int s = 0; s < static_cast<int>(storages_.size()); ++s) {
      if (!undecided(storages_[s]) || find(s) != s) continue;
      usages.push_back(
          {storages_[s].bytes, storages_[s].first, storages_[s].late ? end_ : storages_[s].last});
      owners.push_back(s);
    }
    for (int n = 0; n < end_; ++n) {
      usages.push_back({plan_.steps[n].kernel->workspace_bytes(), n, n});
      owners.push_back(-1 - n);
    }
    const Placement placement = place(usages);
    for (size_t i = 0; i < owners.size(); ++i) {
      if (owners[i] >= 0) storages_[owners[i]].place = {Place::kArena, 0, placement.offsets[i]};
      else plan_.steps[-1 - owners[i]].workspace = placement.offsets[i];
    }
    plan_.arena_bytes = placement.arena_bytes;
  }

  Place place_of(const Value& v) { return storages_[find(storage_of_.at(v))].place; }

  void fill_operands() {
    for (Step& step : plan_.steps) {
      for (const Value& v : step.node->inputs) step.in.push_back(place_of(v));
      for (int o = 0; o < static_cast<int>(step.node->outputs.size()); ++o)
        step.out.push_back(place_of(Value{step.node, o}));
    }
  }

  // Outputs first, then variables. A variable whose new value is another variable's (or its own)
  // old storage goes through the arena, so that no write is seen by a later read.
  void add_copies() {
    for (int i = 0; i < static_cast<int>(graph_.outputs.size()); ++i) {
      const Place from = place_of(graph_.outputs[i]);
      if (from.kind == Place::kOutput && from.index == i) continue;
      plan_.copies.push_back({from, {Place::kOutput, i}, graph_.outputs[i].type().bytes()});
    }
    std::vector<Copy> writes;
    for (const Update& u : graph_.updates) {
      const Place to{Place::kVariable, variable_index(u.variable.node)};
      Place from = place_of(u.value);
      if (from.kind == Place::kVariable && from.index == to.index) continue;
      const size_t bytes = u.value.type().bytes();
      if (from.kind == Place::kVariable) {
        const Place spare{Place::kArena, 0, plan_.arena_bytes};
        plan_.arena_bytes += (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
        plan_.copies.push_back({from, spare, bytes});
        from = spare;
      }
      writes.push_back({from, to, bytes});
    }
    plan_.copies.insert(plan_.copies.end(), writes.begin(), writes.end());
  }

  const Graph& graph_;
  const KernelSource& kernels_;
  Plan plan_;
  int end_ = 0;
  std::vector<NodePtr> order_;
  std::vector<Storage> storages_;
  std::unordered_map<Value, int, ValueHash> storage_of_;
  std::unordered_map<const Node*, int> step_of_;
  std::unordered_map<const Node*, int> fed_;
  std::unordered_map<const Variable*, int> variables_;
  std::unordered_set<int> written_;         // variables already written in place
  std::unordered_map<int, int> root_uses_;  // storage -> outputs and updates that need it
  std::unordered_map<int, int> joined_;     // storage -> the one it took over
};

}  // namespace

Plan make_plan(const Graph& graph, const KernelSource& kernels) {
  return Planner(graph, kernels).run();
}

}  // namespace kn
