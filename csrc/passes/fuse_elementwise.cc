// Elementwise chains, with the reductions that close them, as one loop each.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "graph/builder.h"
#include "passes/elementwise_groups.h"
#include "passes/pipeline.h"

namespace kn {

namespace {

using Mapping = std::unordered_map<Value, Value, ValueHash>;

Value mapped(const Mapping& map, const Value& v) {
  const auto found = map.find(v);
  return found == map.end() ? v : found->second;
}

// Writes the program of one unit.
class ProgramWriter {
 public:
  // `stored` says which nodes of the unit others read.
  ProgramWriter(const FusionUnit& unit, const std::unordered_set<const Node*>& stored)
      : unit_(unit), stored_(stored), program_(std::make_shared<Program>()) {
    for (const NodePtr& node : unit) parts_.push_back(fusion_part(*node));
    program_->domain = parts_[0].domain;
    find_inputs();
    for (size_t i = 0; i < unit.size(); ++i)
      if (parts_[i].kind == FusionPart::Kind::instruction) add_instruction(i);
  }

  // Values that the program reads, broadcasts looked through.
  const std::vector<Value>& inputs() const { return inputs_; }
  const std::shared_ptr<Program>& program() const { return program_; }

  void add_output(size_t i) {
    const FusionPart& part = parts_[i];
    const bool closes = part.kind == FusionPart::Kind::closing;
    const Value value = closes ? unit_[i]->inputs[0] : Value{unit_[i], 0};
    program_->outputs.push_back(
        {numbers_.at(value), part.closing, part.kept, unit_[i]->outputs[0].shape});
  }

 private:
  std::vector<Value> operands(size_t i) const { return fusion_operands(*unit_[i], parts_[i]); }

  bool inside(const Value& v) const {
    return std::find(unit_.begin(), unit_.end(), v.node) != unit_.end();
  }

  void find_inputs() {
    for (size_t i = 0; i < unit_.size(); ++i)
      for (const Value& v : operands(i)) {
        if (inside(v) || !numbers_.try_emplace(v, static_cast<int>(inputs_.size())).second)
          continue;
        inputs_.push_back(v);
        program_->inputs.push_back(v.type());
      }
  }

  // A half between two instructions is not rounded: x in cast(cast(x)), where the outer cast widens
  // what the inner one narrows and both stay inside.
  Value widened_again(const Node& node) const {
    if (node.op->name != "cast" || !is_half(node.inputs[0].dtype()) || stored_.count(&node))
      return {};
    const Node& narrow = *node.inputs[0].node;
    if (narrow.op->name != "cast" || !inside(node.inputs[0])) return {};
    const Value& x = narrow.inputs[0];
    return inside(x) && x.dtype() == node.outputs[0].dtype ? x : Value{};
  }

  int append(const Instruction& instruction) {
    program_->code.push_back(instruction);
    return program_->value_count() - 1;
  }

  // Several readers of a half bring a cast each (widen_halves): one does for all.
  int number_of(const Instruction& instruction) {
    for (size_t k = 0; instruction.op == Opcode::cast && k < program_->code.size(); ++k) {
      const Instruction& other = program_->code[k];
      if (other.op == Opcode::cast && other.to == instruction.to &&
          other.operands == instruction.operands)
        return program_->input_count() + static_cast<int>(k);
    }
    return append(instruction);
  }

  void add_instruction(size_t i) {
    if (const Value x = widened_again(*unit_[i])) {
      numbers_[Value{unit_[i], 0}] = numbers_.at(x);
      return;
    }
    Instruction instruction = parts_[i].instruction;
    int next = 0;
    for (const Value& v : operands(i))
      instruction.operands[next++] = static_cast<int16_t>(numbers_.at(v));
    numbers_[Value{unit_[i], 0}] =
        stored_.count(unit_[i].get()) ? append(instruction) : number_of(instruction);
  }

  const FusionUnit& unit_;
  const std::unordered_set<const Node*>& stored_;
  std::vector<FusionPart> parts_;
  std::shared_ptr<Program> program_;
  std::vector<Value> inputs_;
  std::unordered_map<Value, int, ValueHash> numbers_;
};

class Fusion {
 public:
  Fusion(const Graph& graph, bool queued) : graph_(graph) {
    units_ = elementwise_groups(graph, queued);
    for (size_t u = 0; u < units_.size(); ++u)
      for (const NodePtr& node : units_[u]) unit_of_[node.get()] = u;
    for (const FusionUnit& unit : units_)
      for (const NodePtr& node : unit) note_reads(*node);
    for (const Value& v : graph.roots()) needed_.insert(v.node.get());
  }

  Graph run() {
    for (const FusionUnit& unit : units_) {
      if (unit.size() > 1 || gains_from_program(*unit[0])) fuse(unit);
      else keep(unit[0]);
    }
    Graph result;
    for (const Value& v : graph_.inputs) result.inputs.push_back(mapped(map_, v));
    for (const Value& v : graph_.outputs) result.outputs.push_back(mapped(map_, v));
    for (const Update& u : graph_.updates)
      result.updates.push_back({u.variable, mapped(map_, u.value)});
    return result;
  }

 private:
  // Nodes whose value some other unit reads: a broadcast that a program looks through is not read.
  void note_reads(const Node& node) {
    const FusionPart part = fusion_part(node);
    for (const Value& v : part.fuses() ? fusion_operands(node, part) : node.inputs)
      if (unit_of_.at(v.node.get()) != unit_of_.at(&node)) needed_.insert(v.node.get());
  }

  // A lone instruction is a program of its own where that saves writing out a broadcast.
  static bool gains_from_program(const Node& node) {
    const FusionPart part = fusion_part(node);
    return part.kind == FusionPart::Kind::instruction && part.instruction.op != Opcode::dropout &&
           fusion_operands(node, part) != node.inputs;
  }

  void keep(const NodePtr& node) {
    std::vector<Value> inputs;
    for (const Value& v : node->inputs) inputs.push_back(mapped(map_, v));
    if (inputs == node->inputs) return;
    const NodePtr fresh = rebuild(*node, std::move(inputs));
    for (int i = 0; i < static_cast<int>(fresh->outputs.size()); ++i) map_[{node, i}] = {fresh, i};
  }

  void fuse(const FusionUnit& unit) {
    ProgramWriter writer(unit, needed_);
    std::vector<Value> outputs;
    for (size_t i = 0; i < unit.size(); ++i) {
      if (!needed_.count(unit[i].get())) continue;
      writer.add_output(i);
      outputs.push_back({unit[i], 0});
    }
    drop_unused(*writer.program());
    std::vector<Value> inputs;
    for (const Value& v : writer.inputs()) inputs.push_back(mapped(map_, v));
    LayerScope layer(unit.back()->layer);
    const auto fused = apply_all("fused", std::move(inputs),
                                 {{"program", to_string(*writer.program())}}, writer.program());
    for (size_t i = 0; i < fused.size(); ++i) map_[outputs[i]] = fused[i];
  }

  const Graph& graph_;
  std::vector<FusionUnit> units_;
  std::unordered_map<const Node*, size_t> unit_of_;
  std::unordered_set<const Node*> needed_;
  Mapping map_;
};

}  // namespace

Graph fuse_elementwise(const Graph& graph, bool queued) { return Fusion(graph, queued).run(); }

}  // namespace kn
