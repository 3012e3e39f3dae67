#include "cpu/tile_code.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "cpu/isa/isa.h"
#include "runtime/draw.h"

namespace kn::cpu {

namespace {

TileFn function_of(const Instruction& i) {
  const int from = static_cast<int>(i.from), to = static_cast<int>(i.to);
  if (from >= kTileTypes || to >= kTileTypes) return nullptr;
  const KernelTable& t = table();
  if (i.op == Opcode::cast) return t.elementwise.cast[from][to];
  const int op = static_cast<int>(i.op);
  if (from < 2 && t.vec_math.op[op][from]) return t.vec_math.op[op][from];
  return t.elementwise.op[op][from];
}

double ns_per_element(const Instruction& i) {
  const double width = static_cast<double>(size_of(i.from)) / 4;
  const bool series = i.from <= DType::f64 && table().vec_math.op[static_cast<int>(i.op)][0];
  return (series || i.op == Opcode::dropout ? 0.6 : 0.05) * width;
}

// What an integer parameter may be at most: bounds beyond are no bounds.
double parameter(double p, DType t) {
  switch (t) {
    case DType::i32: return std::clamp(p, -2147483648.0, 2147483647.0);
    case DType::i64: return std::clamp(p, -9.2e18, 9.2e18);
    case DType::u8: return std::clamp(p, 0.0, 255.0);
    default: return p;
  }
}

// a * b + c where the product has no other use.
std::vector<Instruction> with_muladds(const Program& program, std::vector<int>& renumbered) {
  const int inputs = program.input_count();
  std::vector<int> uses(program.value_count(), 0);
  for (const Instruction& i : program.code)
    for (int k = 0; k < info_of(i.op).arity; ++k) ++uses[i.operands[k]];
  for (const ProgramOutput& out : program.outputs) ++uses[out.value];

  std::vector<bool> dropped(program.value_count(), false);
  std::vector<Instruction> code = program.code;
  for (Instruction& i : code) {
    if (i.op != Opcode::add || !is_float(i.from)) continue;
    for (int k : {0, 1}) {
      const int product = i.operands[k];
      if (product < inputs || uses[product] != 1) continue;
      const Instruction& made = code[product - inputs];
      if (made.op != Opcode::mul) continue;
      const int16_t other = i.operands[1 - k];
      i.op = Opcode::muladd;
      i.operands = {made.operands[0], made.operands[1], other};
      dropped[product] = true;
      break;
    }
  }
  std::vector<Instruction> kept;
  renumbered.resize(program.value_count());
  for (int v = 0; v < program.value_count(); ++v) {
    if (v < inputs) {
      renumbered[v] = v;
    } else if (!dropped[v]) {
      renumbered[v] = inputs + static_cast<int>(kept.size());
      kept.push_back(code[v - inputs]);
    }
  }
  for (Instruction& i : kept)
    for (int k = 0; k < info_of(i.op).arity; ++k)
      i.operands[k] = static_cast<int16_t>(renumbered[i.operands[k]]);
  return kept;
}

// Gives every value a slot: stored outputs write to their tensor, others to the first free
// register.
class SlotAllocator {
 public:
  SlotAllocator(const Program& program, const std::vector<Instruction>& code,
                const std::vector<int>& output_values)
      : inputs_(program.input_count()),
        first_register_(inputs_ + static_cast<int>(output_values.size())) {
    const int values = inputs_ + static_cast<int>(code.size());
    slot_.assign(values, -1);
    last_.assign(values, -1);
    for (int s = 0; s < static_cast<int>(code.size()); ++s)
      for (int k = 0; k < info_of(code[s].op).arity; ++k) last_[code[s].operands[k]] = s;
    for (size_t o = 0; o < output_values.size(); ++o) {
      const int v = output_values[o];
      last_[v] = static_cast<int>(code.size());  // read when the tile is done
      if (program.outputs[o].closing == Closing::none) slot_[v] = inputs_ + static_cast<int>(o);
    }
    for (int v = 0; v < inputs_; ++v) slot_[v] = v;
  }

  // Call for each step in order, after reading the operands' slots.
  void place(int step, const Instruction& i) {
    const int value = inputs_ + step;
    if (slot_[value] < 0) slot_[value] = take();
    // Registers whose value was read for the last time are free from the next step on: a tile
    // function may not write over an operand of another element size.
    for (int k = 0; k < info_of(i.op).arity; ++k) {
      const int v = i.operands[k];
      if (v < inputs_ || last_[v] != step || slot_[v] < first_register_) continue;
      if (std::find(free_.begin(), free_.end(), slot_[v]) == free_.end()) free_.push_back(slot_[v]);
    }
  }

  int slot(int value) const { return slot_[value]; }
  int last_use(int value) const { return last_[value]; }
  int registers() const { return registers_; }

 private:
  int take() {
    if (free_.empty()) return first_register_ + registers_++;
    const int slot = free_.back();
    free_.pop_back();
    return slot;
  }

  int inputs_, first_register_, registers_ = 0;
  std::vector<int> slot_, last_, free_;
};

}  // namespace

bool make_tile_code(const Program& program, TileCode& code, std::string& refusal) {
  std::vector<int> renumbered;
  const std::vector<Instruction> instructions = with_muladds(program, renumbered);
  std::vector<int> output_values, stored;
  for (const ProgramOutput& out : program.outputs) {
    output_values.push_back(renumbered[out.value]);
    const bool input = out.value < program.input_count();
    // A closing reduction may read an input where it lies.
    bool taken = input && !(out.closing != Closing::none &&
                            program.inputs[out.value].shape == program.domain);
    if (out.closing == Closing::none) {
      taken = taken || std::find(stored.begin(), stored.end(), out.value) != stored.end();
      stored.push_back(out.value);
    }
    if (taken) {
      refusal = "an output that no instruction of its own writes";
      return false;
    }
  }
  code = {};
  code.inputs = program.input_count();
  code.outputs = static_cast<int>(program.outputs.size());
  SlotAllocator slots(program, instructions, output_values);
  for (const TensorType& in : program.inputs)
    code.element = std::max(code.element, size_of(in.dtype));
  for (int s = 0; s < static_cast<int>(instructions.size()); ++s) {
    const Instruction& i = instructions[s];
    TileStep step{function_of(i), {}, 0, {0, 0, 0}, static_cast<int8_t>(info_of(i.op).arity)};
    if (i.op == Opcode::dropout) {
      const DropoutDraw draw = dropout_draw({{"rate", i.p0}});
      step.draws = true;
      step.is_f64 = i.to == DType::f64;
      step.first = draw.first;
      step.scale = draw.scale;
      step.seed = static_cast<uint64_t>(i.seed);
    } else if (!step.run) {
      refusal = concat_text("no vector form of ", info_of(i.op).name, " of ", name_of(i.from));
      return false;
    }
    step.operands.p0 = parameter(i.p0, i.from);
    step.operands.p1 = parameter(i.p1, i.from);
    slots.place(s, i);
    for (int k = 0; k < step.arity; ++k)
      step.sources[k] = static_cast<int16_t>(slots.slot(i.operands[k]));
    step.out = static_cast<int16_t>(slots.slot(code.inputs + s));
    code.element = std::max(code.element, size_of(i.to));
    code.ns_per_element += ns_per_element(i);
    code.steps.push_back(step);
  }
  code.registers = slots.registers();
  for (int v = 0; v < code.inputs; ++v)
    code.last_use.push_back(static_cast<int16_t>(slots.last_use(v)));
  for (int v : output_values) {
    code.results.push_back(static_cast<int16_t>(slots.slot(v)));
    code.made_by.push_back(static_cast<int16_t>(v - code.inputs));
  }
  return true;
}

}  // namespace kn::cpu
