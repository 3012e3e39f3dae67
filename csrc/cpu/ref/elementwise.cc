#include "cpu/ref/elementwise.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/half.h"
#include "cpu/ref/scalar_math.h"
#include "runtime/draw.h"

namespace kn::cpu::ref {

namespace {

// One element of any dtype: floats as double, all others as int64.
struct Cell {
  double number = 0;
  int64_t integer = 0;
};

Cell load(DType t, const void* data, Dim i) {
  switch (t) {
    case DType::f32: return {static_cast<const float*>(data)[i], 0};
    case DType::f64: return {static_cast<const double*>(data)[i], 0};
    case DType::i32: return {0, static_cast<const int32_t*>(data)[i]};
    case DType::i64: return {0, static_cast<const int64_t*>(data)[i]};
    case DType::f16: return {f16_to_float(static_cast<const uint16_t*>(data)[i]), 0};
    case DType::bf16: return {bf16_to_float(static_cast<const uint16_t*>(data)[i]), 0};
    default: return {0, static_cast<const uint8_t*>(data)[i]};
  }
}

void store(DType t, void* data, Dim i, Cell c) {
  switch (t) {
    case DType::f32: static_cast<float*>(data)[i] = static_cast<float>(c.number); break;
    case DType::f64: static_cast<double*>(data)[i] = c.number; break;
    case DType::i32: static_cast<int32_t*>(data)[i] = static_cast<int32_t>(c.integer); break;
    case DType::i64: static_cast<int64_t*>(data)[i] = c.integer; break;
    case DType::f16:
      static_cast<uint16_t*>(data)[i] = float_to_f16(static_cast<float>(c.number));
      break;
    case DType::bf16:
      static_cast<uint16_t*>(data)[i] = float_to_bf16(static_cast<float>(c.number));
      break;
    default: static_cast<uint8_t*>(data)[i] = static_cast<uint8_t>(c.integer); break;
  }
}

// A value as its dtype holds it.
Cell rounded(DType t, Cell c) {
  switch (t) {
    case DType::f32: return {static_cast<float>(c.number), 0};
    case DType::f16: return {f16_to_float(float_to_f16(static_cast<float>(c.number))), 0};
    case DType::bf16: return {bf16_to_float(float_to_bf16(static_cast<float>(c.number))), 0};
    case DType::i32: return {0, static_cast<int32_t>(c.integer)};
    case DType::u8: return {0, static_cast<uint8_t>(c.integer)};
    default: return c;
  }
}

// Out of range and NaN become the smallest integer, as on x86.
int64_t to_integer(double x, DType to) {
  if (to == DType::b8) return x != 0;
  if (!(x > -9.3e18 && x < 9.2233720368547748e18)) return std::numeric_limits<int64_t>::min();
  const auto whole = static_cast<int64_t>(x);
  if (to == DType::i32 && whole != static_cast<int32_t>(whole))
    return std::numeric_limits<int32_t>::min();
  return whole;
}

Cell cast(Cell c, DType from, DType to) {
  if (is_float(from)) return is_float(to) ? c : Cell{0, to_integer(c.number, to)};
  if (is_float(to)) return {static_cast<double>(c.integer), 0};
  return {0, to == DType::b8 ? c.integer != 0 : c.integer};
}

template <class T>
T arithmetic(const Instruction& i, T a, T b, T c) {
  if (i.op == Opcode::muladd)
    return binary_number(Opcode::add, binary_number(Opcode::mul, a, b, 0, 0), c, 0, 0);
  return info_of(i.op).arity == 2 ? binary_number(i.op, a, b, i.p0, i.p1)
                                  : unary_number(i.op, a, i.p0, i.p1);
}

bool dropped(const Instruction& i, uint64_t step, Dim position) {
  const PhiloxKey key{static_cast<uint64_t>(i.seed), step};
  return key.word(position) < dropout_draw({{"rate", i.p0}}).first;
}

Cell evaluate(const Instruction& i, Cell a, Cell b, Cell c) {
  const bool real = is_float(i.from);
  if (i.op == Opcode::dropout) return {a.number * rounded(i.to, {1 / (1 - i.p0)}).number, 0};
  if (i.op == Opcode::fill) return {i.p0, is_float(i.to) ? 0 : static_cast<int64_t>(i.p0)};
  if (i.op == Opcode::where) return a.integer ? b : c;
  if (i.op == Opcode::cast) return cast(a, i.from, i.to);
  if (i.op == Opcode::is_inf) return {0, std::isinf(a.number)};
  if (info_of(i.op).result == ResultRule::Bool)
    return {0,
            real ? comparison(i.op, a.number, b.number) : comparison(i.op, a.integer, b.integer)};
  if (real) return {arithmetic(i, a.number, b.number, c.number), 0};
  return {0, arithmetic(i, a.integer, b.integer, c.integer)};
}

// Steps of an operand of shape `s` along the axes of `domain`, 0 where it is broadcast.
std::array<Dim, kMaxRank> broadcast_strides(const Shape& s, const Shape& domain) {
  const auto own = strides_of(s);
  const int offset = domain.rank() - s.rank();
  std::array<Dim, kMaxRank> strides{};
  for (int i = 0; i < s.rank(); ++i) strides[offset + i] = s[i] == 1 ? 0 : own[i];
  return strides;
}

class Elementwise : public Kernel {
 public:
  explicit Elementwise(Program program) : program_(std::move(program)) {
    const Shape& domain = program_.domain;
    for (const TensorType& in : program_.inputs)
      strides_.push_back(broadcast_strides(in.shape, domain));
    for (const ProgramOutput& out : program_.outputs) {
      const Shape& written = out.closing == Closing::none ? domain : out.kept;
      out_strides_.push_back(broadcast_strides(written, domain));
      totals_.push_back(total_);
      if (out.closing != Closing::none) total_ += written.elements();
    }
  }

  size_t workspace_bytes() const override { return static_cast<size_t>(total_) * sizeof(double); }

  void run(const RunArgs& args) const override {
    auto* totals = static_cast<double*>(args.workspace);
    start(totals);
    std::array<Dim, kMaxRank> at{};
    const Shape& domain = program_.domain;
    const Dim n = domain.elements();
    for (Dim i = 0; i < n; ++i) {
      element(args, totals, at, i);
      for (int axis = domain.rank() - 1; axis >= 0 && ++at[axis] == domain[axis]; --axis)
        at[axis] = 0;
    }
    finish(args, totals);
  }

 private:
  static Dim offset(const std::array<Dim, kMaxRank>& at, const std::array<Dim, kMaxRank>& strides) {
    Dim sum = 0;
    for (int i = 0; i < kMaxRank; ++i) sum += at[i] * strides[i];
    return sum;
  }

  void element(const RunArgs& args, double* totals, const std::array<Dim, kMaxRank>& at,
               Dim position) const {
    Cell values[Program::kMaxValues];
    const int inputs = program_.input_count();
    for (int i = 0; i < inputs; ++i)
      values[i] = load(program_.inputs[i].dtype, args.in[i], offset(at, strides_[i]));
    int next = inputs;
    for (const Instruction& code : program_.code) {
      Cell operands[3];
      for (int k = 0; k < info_of(code.op).arity; ++k) operands[k] = values[code.operands[k]];
      if (code.op == Opcode::dropout && dropped(code, args.step, position)) operands[0].number = 0;
      values[next++] = rounded(code.to, evaluate(code, operands[0], operands[1], operands[2]));
    }
    for (size_t o = 0; o < program_.outputs.size(); ++o) {
      const ProgramOutput& out = program_.outputs[o];
      const Dim to = offset(at, out_strides_[o]);
      const Cell value = values[out.value];
      if (out.closing == Closing::none) {
        store(program_.dtype_of_value(out.value), args.out[o], to, value);
        continue;
      }
      double& total = totals[totals_[o] + to];
      const double x = value.number;
      if (out.closing == Closing::max) total = x > total || x != x ? x : total;
      else if (out.closing == Closing::min) total = x < total || x != x ? x : total;
      else total += x;
    }
  }

  void start(double* totals) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    for (size_t o = 0; o < program_.outputs.size(); ++o) {
      const ProgramOutput& out = program_.outputs[o];
      if (out.closing == Closing::none) continue;
      const double first = out.closing == Closing::max   ? -kInfinity
                           : out.closing == Closing::min ? kInfinity
                                                         : 0;
      std::fill_n(totals + totals_[o], out.kept.elements(), first);
    }
  }

  void finish(const RunArgs& args, const double* totals) const {
    for (size_t o = 0; o < program_.outputs.size(); ++o) {
      const ProgramOutput& out = program_.outputs[o];
      if (out.closing == Closing::none) continue;
      const Dim kept = out.kept.elements();
      const double count =
          static_cast<double>(program_.domain.elements()) / static_cast<double>(kept);
      for (Dim i = 0; i < kept; ++i) {
        const double total = totals[totals_[o] + i];
        store(program_.dtype_of_value(out.value), args.out[o], i,
              {out.closing == Closing::mean ? total / count : total, 0});
      }
    }
  }

  Program program_;
  std::vector<std::array<Dim, kMaxRank>> strides_, out_strides_;
  std::vector<Dim> totals_;  // where an output's running totals begin
  Dim total_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_elementwise(const KernelRequest& request, std::string& refusal) {
  Program program;
  if (!program_of(request.op, request.attrs, request.in, request.out, request.payload, program)) {
    refusal = "no elementwise op";
    return nullptr;
  }
  if (computes_on_halves(program)) {
    refusal = "arithmetic on float16 or bfloat16";
    return nullptr;
  }
  return std::make_unique<Elementwise>(std::move(program));
}

}  // namespace kn::cpu::ref
