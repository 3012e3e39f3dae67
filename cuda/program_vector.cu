#include "program_vector.h"

#include <algorithm>
#include <cmath>

#include "pack.h"
#include "tensor_core.h"

namespace kn::cuda {

namespace {

using Four = Pack<float>;

constexpr int kMostValues = 24, kMostCode = 16;
constexpr int kWalkRank = 4;

// How four elements of an input that follow one another in the domain lie in memory.
enum class Layout : uint8_t {
  packs,    // as in the domain
  scalar,   // always the same one
  rows,     // in packs, over and over: `period` elements
  columns,  // each of them `period` times, a multiple of four
  strided,  // one by one
};

struct VectorInput {
  const void* data;
  Layout layout;
  DType dtype;
  uint32_t period;
  int rank;
  uint32_t extent[kWalkRank];
  int64_t stride[kWalkRank];

  __device__ int64_t at(uint32_t position) const {
    int64_t sum = 0;
    for (int i = rank - 1; i > 0; --i) {
      sum += static_cast<int64_t>(position % extent[i]) * stride[i];
      position /= extent[i];
    }
    return rank > 0 ? sum + static_cast<int64_t>(position) * stride[0] : 0;
  }
  __device__ float element(int64_t i) const {
    return dtype == DType::f32 ? static_cast<const float*>(data)[i]
                               : static_cast<float>(static_cast<const uint8_t*>(data)[i]);
  }
};

struct VectorResult {
  void* data;
  DType dtype;
  bool packs;
  uint8_t value;
};

template <int kInputs, int kCode>
struct VectorImage {
  uint32_t count;
  int inputs, code_length, results;
  Step step;
  VectorInput input[kInputs];
  ProgramCode code[kCode];
  VectorResult result[kCode];
};

template <class F>
__device__ Four map(const Four& a, F f) {
  Four r;
#pragma unroll
  for (int e = 0; e < 4; ++e) r.v[e] = f(a.v[e]);
  return r;
}
template <class F>
__device__ Four map(const Four& a, const Four& b, F f) {
  Four r;
#pragma unroll
  for (int e = 0; e < 4; ++e) r.v[e] = f(a.v[e], b.v[e]);
  return r;
}

template <Opcode kOp>
__device__ Four one(const ProgramCode& c, const Four& a) {
  const float p0 = static_cast<float>(c.p0), p1 = static_cast<float>(c.p1);
  return map(a, [&](float x) { return unary(kOp, x, p0, p1); });
}
template <Opcode kOp>
__device__ Four two(const ProgramCode& c, const Four& a, const Four& b) {
  const float p0 = static_cast<float>(c.p0), p1 = static_cast<float>(c.p1);
  return map(a, b, [&](float x, float y) { return binary(kOp, x, y, p0, p1); });
}
template <Opcode kOp>
__device__ Four test(const Four& a, const Four& b) {
  return map(a, b, [](float x, float y) { return comparison(kOp, x, y) ? 1.0f : 0.0f; });
}

// Those that are seldom met, one element after the other so that their code is there once.
__device__ inline Four seldom(const ProgramCode& c, Four a, Four b) {
  Four r{};
#pragma unroll 1
  for (int e = 0; e < 4; ++e) {
    const float x = a.v[0], y = b.v[0];
    const float value =
        c.boolean ? (comparison(c.op, x, y) ? 1.0f : 0.0f) : arithmetic(c, x, y, 0.0f);
    r = {r.v[1], r.v[2], r.v[3], value};
    a = {a.v[1], a.v[2], a.v[3], 0};
    b = {b.v[1], b.v[2], b.v[3], 0};
  }
  return r;
}

__device__ inline Four evaluate_binary(const ProgramCode& c, const Four& a, const Four& b) {
  switch (c.op) {
    case Opcode::add: return two<Opcode::add>(c, a, b);
    case Opcode::sub: return two<Opcode::sub>(c, a, b);
    case Opcode::mul: return two<Opcode::mul>(c, a, b);
    case Opcode::div: return two<Opcode::div>(c, a, b);
    case Opcode::maximum: return two<Opcode::maximum>(c, a, b);
    case Opcode::minimum: return two<Opcode::minimum>(c, a, b);
    case Opcode::squared_difference: return two<Opcode::squared_difference>(c, a, b);
    case Opcode::relu_grad: return two<Opcode::relu_grad>(c, a, b);
    case Opcode::leaky_relu_grad: return two<Opcode::leaky_relu_grad>(c, a, b);
    case Opcode::sigmoid_grad: return two<Opcode::sigmoid_grad>(c, a, b);
    case Opcode::tanh_grad: return two<Opcode::tanh_grad>(c, a, b);
    case Opcode::clip_grad: return two<Opcode::clip_grad>(c, a, b);
    case Opcode::equal: return test<Opcode::equal>(a, b);
    case Opcode::not_equal: return test<Opcode::not_equal>(a, b);
    case Opcode::less: return test<Opcode::less>(a, b);
    case Opcode::less_equal: return test<Opcode::less_equal>(a, b);
    case Opcode::greater: return test<Opcode::greater>(a, b);
    case Opcode::greater_equal: return test<Opcode::greater_equal>(a, b);
    case Opcode::logical_and: return test<Opcode::logical_and>(a, b);
    case Opcode::logical_or: return test<Opcode::logical_or>(a, b);
    default: return seldom(c, a, b);
  }
}

__device__ inline Four evaluate_unary(const ProgramCode& c, const Four& a) {
  switch (c.op) {
    case Opcode::neg: return one<Opcode::neg>(c, a);
    case Opcode::abs: return one<Opcode::abs>(c, a);
    case Opcode::square: return one<Opcode::square>(c, a);
    case Opcode::sqrt: return one<Opcode::sqrt>(c, a);
    case Opcode::rsqrt: return one<Opcode::rsqrt>(c, a);
    case Opcode::reciprocal: return one<Opcode::reciprocal>(c, a);
    case Opcode::exp: return one<Opcode::exp>(c, a);
    case Opcode::log: return one<Opcode::log>(c, a);
    case Opcode::tanh: return one<Opcode::tanh>(c, a);
    case Opcode::sigmoid: return one<Opcode::sigmoid>(c, a);
    case Opcode::hard_sigmoid: return one<Opcode::hard_sigmoid>(c, a);
    case Opcode::relu: return one<Opcode::relu>(c, a);
    case Opcode::leaky_relu: return one<Opcode::leaky_relu>(c, a);
    case Opcode::clip: return one<Opcode::clip>(c, a);
    default: return seldom(c, a, Four{});
  }
}

// Elements 4 number … of the domain. Philox draws for four positions at once.
__device__ inline Four evaluate_four(const ProgramCode& c, const Step& step, uint32_t number,
                                     const Four& a, const Four& b, const Four& third) {
  Four r;
  switch (c.op) {
    case Opcode::copy: return a;
    case Opcode::cast:
      return c.to == DType::b8 ? map(a, [](float x) { return x != 0 ? 1.0f : 0.0f; }) : a;
    case Opcode::fill: return map(a, [&](float) { return static_cast<float>(c.p0); });
    case Opcode::where:
      for (int e = 0; e < 4; ++e) r.v[e] = a.v[e] != 0 ? b.v[e] : third.v[e];
      return r;
    case Opcode::muladd:
      for (int e = 0; e < 4; ++e) r.v[e] = a.v[e] * b.v[e] + third.v[e];
      return r;
    case Opcode::dropout: {
      const auto drawn = philox(c.seed, step.number(), number);
      const float scale = static_cast<float>(1 / (1 - c.p0));
      for (int e = 0; e < 4; ++e) r.v[e] = (drawn.v[e] < c.first_kept ? 0.0f : a.v[e]) * scale;
      return r;
    }
    default: return c.arity == 2 ? evaluate_binary(c, a, b) : evaluate_unary(c, a);
  }
}

// Begins to load elements from `first` on, `many` of them, to this thread's slot.
__device__ inline void load_four(const VectorInput& in, uint32_t first, int many, Four* slot) {
  if (many == 4) {
    switch (in.layout) {
      case Layout::packs:
        copy_later<16>(slot->v, static_cast<const float*>(in.data) + first);
        return;
      case Layout::rows:
        copy_later<16>(slot->v, static_cast<const float*>(in.data) + first % in.period);
        return;
      case Layout::columns: {
        const float x = in.element(first / in.period);
        *slot = {x, x, x, x};
        return;
      }
      default: break;
    }
  }
  if (in.layout == Layout::scalar) {
    const float x = in.element(0);
    *slot = {x, x, x, x};
    return;
  }
  for (int e = 0; e < 4; ++e)
    slot->v[e] = e < many ? in.element(in.at(first + static_cast<uint32_t>(e))) : 0.0f;
}

__device__ inline void store_four(const VectorResult& out, uint32_t first, int many,
                                  const Four& x) {
  if (out.dtype == DType::f32) {
    auto* to = static_cast<float*>(out.data) + first;
    if (out.packs && many == 4) store_pack(to, x);
    else
      for (int e = 0; e < 4; ++e)
        if (e < many) to[e] = x.v[e];
    return;
  }
  auto* to = static_cast<uint8_t*>(out.data) + first;
  if (out.packs && many == 4) {
    uint32_t bytes = 0;
    for (int e = 0; e < 4; ++e) bytes |= (x.v[e] != 0 ? 1u : 0u) << (8 * e);
    *reinterpret_cast<uint32_t*>(to) = bytes;
    return;
  }
  for (int e = 0; e < 4; ++e)
    if (e < many) to[e] = x.v[e] != 0;
}

// The result of the instruction before stays in registers, since it is mostly the next one's
// operand.
template <class Image>
__global__ void vector_program_kernel(const __grid_constant__ Image p) {
  Four* slots = dynamic_shared<Four>() + threadIdx.x;
  const int stride = static_cast<int>(blockDim.x);
  const uint32_t step = gridDim.x * blockDim.x, all = (p.count + 3) / 4;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < all; i += step) {
    const uint32_t first = 4 * i;
    const int many = p.count - first < 4 ? static_cast<int>(p.count - first) : 4;
    for (int k = 0; k < p.inputs; ++k) load_four(p.input[k], first, many, slots + k * stride);
    close_copies();
    wait_copies<0>();
    Four last{};
    for (int k = 0; k < p.code_length; ++k) {
      const ProgramCode& c = p.code[k];
      const int before = p.inputs + k - 1;
      const auto operand = [&](int o) {
        const int value = c.operand[o];
        return k > 0 && value == before ? last : slots[value * stride];
      };
      const Four a = c.arity > 0 ? operand(0) : Four{}, b = c.arity > 1 ? operand(1) : Four{};
      const Four third = c.arity > 2 ? operand(2) : Four{};
      last = evaluate_four(c, p.step, i, a, b, third);
      slots[(before + 1) * stride] = last;
    }
    for (int r = 0; r < p.results; ++r)
      store_four(p.result[r], first, many, slots[p.result[r].value * stride]);
  }
}

bool is_plain(DType t) { return t == DType::f32 || t == DType::b8; }

uint32_t first_kept(double rate) {
  return static_cast<uint32_t>(std::fmin(std::nearbyint(rate * 0x1p32), 0x1p32 - 1));
}

VectorInput vector_input(const void* data, DType dtype, const Strided& walk) {
  VectorInput in{data, Layout::strided, dtype, 0, walk.rank, {}, {}};
  for (int i = 0; i < walk.rank; ++i) {
    in.extent[i] = static_cast<uint32_t>(walk.extent[i]);
    in.stride[i] = walk.stride[i];
  }
  const bool packs = dtype == DType::f32 && in_packs(data);
  const int inner = walk.rank - 1;
  if (inner < 0 || (inner == 0 && walk.stride[0] == 0)) in.layout = Layout::scalar;
  else if (inner == 0 && packs) in.layout = Layout::packs;
  if (inner != 1 || walk.extent[1] % 4) return in;
  in.period = in.extent[1];
  if (walk.stride[0] == 0 && walk.stride[1] == 1 && packs) in.layout = Layout::rows;
  else if (walk.stride[0] == 1 && walk.stride[1] == 0) in.layout = Layout::columns;
  return in;
}

}  // namespace

ProgramCode program_code(const Instruction& from) {
  const OpcodeInfo& info = info_of(from.op);
  ProgramCode c{};
  c.p0 = from.p0;
  c.p1 = from.p1;
  c.op = from.op;
  c.from = from.from;
  c.to = from.to;
  c.arity = static_cast<uint8_t>(info.arity);
  c.boolean = info.result == ResultRule::Bool;
  for (int i = 0; i < info.arity; ++i) c.operand[i] = static_cast<uint8_t>(from.operands[i]);
  if (from.op == Opcode::dropout) {
    c.seed = static_cast<uint64_t>(from.seed);
    c.first_kept = first_kept(from.p0);
  }
  return c;
}

std::unique_ptr<VectorProgram> VectorProgram::make(const Program& program) {
  if (program.value_count() > kMostValues || program.code.size() > size_t{kMostCode} ||
      program.domain.elements() > INT32_MAX)
    return nullptr;
  for (const TensorType& in : program.inputs)
    if (!is_plain(in.dtype) || broadcast_to(in.shape, program.domain).rank > kWalkRank)
      return nullptr;
  for (const Instruction& code : program.code)
    if (!is_plain(code.from) || !is_plain(code.to)) return nullptr;
  return std::unique_ptr<VectorProgram>(new VectorProgram(program));
}

VectorProgram::VectorProgram(const Program& program) : count_(program.domain.elements()) {
  for (const TensorType& in : program.inputs)
    sources_.push_back({in.dtype, broadcast_to(in.shape, program.domain)});
  for (const Instruction& from : program.code) code_.push_back(program_code(from));
  for (const ProgramOutput& out : program.outputs)
    targets_.push_back({out.value, program.dtype_of_value(out.value)});
}

void VectorProgram::run(const RunArgs& args, std::span<void* const> targets) const {
  if (count_ == 0) return;
  if (sources_.size() <= 4 && code_.size() <= 4 && targets_.size() <= 4)
    run_as<4, 4>(args, targets);
  else run_as<kMostValues, kMostCode>(args, targets);
}

template <int kInputs, int kCode>
void VectorProgram::run_as(const RunArgs& args, std::span<void* const> targets) const {
  VectorImage<kInputs, kCode> p{};
  p.count = static_cast<uint32_t>(count_);
  p.step = Step(args);
  for (const Source& s : sources_) {
    p.input[p.inputs] = vector_input(args.in[p.inputs], s.dtype, s.walk);
    ++p.inputs;
  }
  for (const ProgramCode& c : code_) p.code[p.code_length++] = c;
  for (size_t o = 0; o < targets.size(); ++o)
    p.result[p.results++] = {targets[o], targets_[o].dtype, in_packs(targets[o]),
                             static_cast<uint8_t>(targets_[o].value)};
  // A column of fours for each thread, within the 48 KB that every kernel may have.
  const int values = p.inputs + p.code_length, threads = values <= 12 ? 256 : 128;
  const int64_t fours = (count_ + 3) / 4;
  const int64_t blocks = std::min<int64_t>((fours + threads - 1) / threads, 8192);
  launch(vector_program_kernel<VectorImage<kInputs, kCode>>, dim3(static_cast<unsigned>(blocks)),
         dim3(static_cast<unsigned>(threads)),
         sizeof(Four) * static_cast<size_t>(values) * static_cast<size_t>(threads), stream_of(args),
         p);
}

}  // namespace kn::cuda
