#include "base/program.h"

#include <sstream>
#include <unordered_map>

namespace kn {

namespace {

constexpr OpcodeInfo kInfo[kOpcodeCount] = {
#define KN_OP(name, arity, accepts, result) {#name, arity, Accepts::accepts, ResultRule::result},
#include "base/elementwise_ops.inc"
#undef KN_OP
    {"fill", 0, Accepts::Any, ResultRule::Same},
    {"copy", 1, Accepts::Any, ResultRule::Same},
    {"cast", 1, Accepts::Any, ResultRule::Same},
    {"muladd", 3, Accepts::Number, ResultRule::Same},
    {"dropout", 1, Accepts::Float, ResultRule::Same},
};

std::string_view name_of(Closing closing) {
  constexpr std::string_view names[] = {"store", "sum", "mean", "max", "min"};
  return names[static_cast<int>(closing)];
}

}  // namespace

const OpcodeInfo& info_of(Opcode op) { return kInfo[static_cast<int>(op)]; }

bool find_opcode(std::string_view name, Opcode& op) {
  static const auto* by_name = [] {
    auto* map = new std::unordered_map<std::string_view, Opcode>;
    for (int i = 0; i < kOpcodeCount; ++i)
      if (i < static_cast<int>(Opcode::fill) || i == static_cast<int>(Opcode::cast))
        (*map)[kInfo[i].name] = static_cast<Opcode>(i);
    return map;
  }();
  const auto found = by_name->find(name);
  if (found == by_name->end()) return false;
  op = found->second;
  return true;
}

void set_parameters(Instruction& instruction, const Attrs& attrs) {
  switch (instruction.op) {
    case Opcode::elu:
    case Opcode::elu_grad: instruction.p0 = attrs.number("alpha", 1.0); break;
    case Opcode::leaky_relu:
    case Opcode::leaky_relu_grad: instruction.p0 = attrs.number("alpha", 0.3); break;
    case Opcode::clip:
    case Opcode::clip_grad:
      instruction.p0 = attrs.number("min");
      instruction.p1 = attrs.number("max");
      break;
    default: break;
  }
}

bool lower(std::string_view op, const Attrs& attrs, std::span<const TensorType> in,
           const TensorType& out, Instruction& instruction) {
  instruction = {Opcode::copy, out.dtype, out.dtype};
  if (find_opcode(op, instruction.op)) {
    instruction.from = in[instruction.op == Opcode::where ? 1 : 0].dtype;
    set_parameters(instruction, attrs);
  } else if (op == "zeros_like" || op == "ones_like" || op == "full_like") {
    instruction.op = Opcode::fill;
    instruction.p0 = op == "full_like" ? attrs.number("value") : op == "ones_like";
  } else if (op == "dropout" && !attrs.has("noise_shape")) {
    instruction.op = Opcode::dropout;
    instruction.p0 = attrs.number("rate");
    instruction.seed = attrs.integer("seed");
  } else if (op != "broadcast_like" && op != "broadcast_to" && op != "identity") {
    return false;
  }
  for (int i = 0; i < info_of(instruction.op).arity; ++i)
    instruction.operands[i] = static_cast<int16_t>(i);
  return true;
}

DType Program::dtype_of_value(int value) const {
  return value < input_count() ? inputs[value].dtype : code[value - input_count()].to;
}

TensorType Program::output_type(int output) const {
  return {dtype_of_value(outputs[output].value), outputs[output].shape};
}

bool program_of(std::string_view op, const Attrs& attrs, std::span<const TensorType> in,
                std::span<const TensorType> out, const Payload* payload, Program& program) {
  if (op == "fused") {
    program = static_cast<const Program&>(*payload);
    return true;
  }
  Instruction instruction;
  if (!lower(op, attrs, in, out[0], instruction)) return false;
  const auto read = static_cast<size_t>(info_of(instruction.op).arity);
  program.domain = out[0].shape;
  program.inputs.assign(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(read));
  program.code = {instruction};
  program.outputs = {{static_cast<int>(read), Closing::none, {}, out[0].shape}};
  return true;
}

void drop_unused(Program& program) {
  const int inputs = program.input_count(), values = program.value_count();
  std::vector<bool> used(values, false);
  for (const ProgramOutput& out : program.outputs) used[out.value] = true;
  for (int v = values - 1; v >= inputs; --v) {
    const Instruction& i = program.code[v - inputs];
    for (int k = 0; used[v] && k < info_of(i.op).arity; ++k) used[i.operands[k]] = true;
  }
  std::vector<Instruction> kept;
  std::vector<int16_t> number(values);
  for (int v = 0; v < values; ++v) {
    number[v] = static_cast<int16_t>(v < inputs ? v : inputs + static_cast<int>(kept.size()));
    if (v < inputs || !used[v]) continue;
    Instruction& i = kept.emplace_back(program.code[v - inputs]);
    for (int k = 0; k < info_of(i.op).arity; ++k) i.operands[k] = number[i.operands[k]];
  }
  for (ProgramOutput& out : program.outputs) out.value = number[out.value];
  program.code = std::move(kept);
}

bool computes_on_halves(const Program& program) {
  for (const Instruction& i : program.code)
    if (i.op != Opcode::cast && i.op != Opcode::copy && (is_half(i.from) || is_half(i.to)))
      return true;
  return false;
}

std::string to_string(const Program& program) {
  std::ostringstream os;
  os << "over " << program.domain << ":";
  int next = program.input_count();
  for (const Instruction& instruction : program.code) {
    const OpcodeInfo& info = info_of(instruction.op);
    os << " %" << next++ << " = " << info.name;
    for (int i = 0; i < info.arity; ++i) os << " %" << instruction.operands[i];
    if (instruction.op == Opcode::cast) os << " " << kn::name_of(instruction.to);
    os << ";";
  }
  for (const ProgramOutput& output : program.outputs)
    os << " " << name_of(output.closing) << " %" << output.value;
  return os.str();
}

}  // namespace kn
