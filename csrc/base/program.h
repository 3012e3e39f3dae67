// A fused elementwise program: what one loop computes at each position of its domain. Written by
// the pass fuse_elementwise, run by the op `fused` of each device; a lone elementwise op runs as a
// program of one instruction. Values are numbered: the inputs first, then the result of each
// instruction in order, so every operand has a smaller number than its user.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/attrs.h"
#include "base/host_tensor.h"
#include "base/opcode.h"

namespace kn {

enum class Accepts : uint8_t { Float, Number, Bool, Any };
enum class ResultRule : uint8_t { Same, Bool };

struct OpcodeInfo {
  std::string_view name;
  int arity;
  Accepts accepts;
  ResultRule result;
};
const OpcodeInfo& info_of(Opcode op);
// Finds `name` among the ops of elementwise_ops.inc and cast; false where it is none of them.
bool find_opcode(std::string_view name, Opcode& op);

constexpr bool accepts(Accepts rule, DType t) {
  switch (rule) {
    case Accepts::Float: return is_float(t);
    case Accepts::Number: return is_float(t) || is_integer(t);
    case Accepts::Bool: return t == DType::b8;
    case Accepts::Any: return true;
  }
  return false;
}

struct Instruction {
  Opcode op;
  DType from;  // of the operands (of where: of the last two)
  DType to;    // of the result
  std::array<int16_t, 3> operands{-1, -1, -1};
  double p0 = 0, p1 = 0;
  int64_t seed = 0;  // of dropout
};

// The numbers p0, p1 of an op from its attributes.
void set_parameters(Instruction& instruction, const Attrs& attrs);

// How a program computes output 0 of an op with inputs of these types: false where it cannot. The
// instruction reads the first info_of(op).arity inputs, in order.
bool lower(std::string_view op, const Attrs& attrs, std::span<const TensorType> in,
           const TensorType& out, Instruction& instruction);

enum class Closing : uint8_t { none, sum, mean, max, min };

// Where a value goes: to memory as it is, or reduced over the axes where `kept` (of the domain's
// rank) is 1 and the domain is not. Only floats are reduced.
struct ProgramOutput {
  int value;
  Closing closing = Closing::none;
  Shape kept;
  Shape shape;  // of the tensor: the domain, or as many elements as `kept`
};

struct Program : Payload {
  static constexpr int kMaxValues = 96;

  Shape domain;  // fully known; every input broadcasts to it
  std::vector<TensorType> inputs;
  std::vector<Instruction> code;
  std::vector<ProgramOutput> outputs;

  int input_count() const { return static_cast<int>(inputs.size()); }
  int value_count() const { return input_count() + static_cast<int>(code.size()); }
  DType dtype_of_value(int value) const;
  TensorType output_type(int output) const;
};

// The program of one node: the payload of `fused`, or one instruction. False where there is none.
bool program_of(std::string_view op, const Attrs& attrs, std::span<const TensorType> in,
                std::span<const TensorType> out, const Payload* payload, Program& program);

// Leaves out instructions whose result nothing reads.
void drop_unused(Program& program);

// Whether an instruction does more with halves than cast and copy them: no device computes that.
bool computes_on_halves(const Program& program);

// "%3 = mul %0 %1" per line, for printing plans.
std::string to_string(const Program& program);

}  // namespace kn
