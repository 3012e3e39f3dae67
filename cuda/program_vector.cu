#include "program_vector.h"

#include <algorithm>
#include <cmath>

#include "program_eight.h"
#include "tensor_core.h"

namespace kn::cuda {

namespace {

constexpr int kMostInputs = 16, kMostCode = 16;  // of a program
constexpr uint8_t kInRegisters = 255;            // instead of a slot
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
  uint8_t slot;
};

struct VectorImage {
  uint32_t count;
  int inputs, code_length, results;
  Step step;
  uint8_t slot[kMostCode];  // where results go
  VectorInput input[kMostInputs];
  ProgramCode code[kMostCode];
  VectorResult result[kMostCode];
};

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

__device__ inline Eight read_slots(const Four* slots, int stride) {
  Eight r;
#pragma unroll
  for (int k = 0; k < kFours; ++k) {
    const Four four = slots[k * stride];
    for (int e = 0; e < 4; ++e) r.v[4 * k + e] = four.v[e];
  }
  return r;
}
__device__ inline void write_slots(Four* slots, int stride, const Eight& x) {
#pragma unroll
  for (int k = 0; k < kFours; ++k)
    slots[k * stride] = {x.v[4 * k], x.v[4 * k + 1], x.v[4 * k + 2], x.v[4 * k + 3]};
}

// Each thread has slots for the values of its elements; the result of the instruction before is
// still in registers.
__global__ void vector_program_kernel(const __grid_constant__ VectorImage p) {
  Four* slots = dynamic_shared<Four>() + threadIdx.x;
  const int stride = static_cast<int>(blockDim.x), of_slot = kFours * stride;
  const uint32_t step = gridDim.x * blockDim.x * kFours, all = (p.count + 3) / 4;
  for (uint32_t i = blockIdx.x * blockDim.x * kFours + threadIdx.x; i < all; i += step) {
    const auto many = [&](int k) {
      const uint32_t first = 4 * (i + static_cast<uint32_t>(k * stride));
      return first >= p.count ? 0 : p.count - first < 4 ? static_cast<int>(p.count - first) : 4;
    };
    for (int v = 0; v < p.inputs; ++v)
#pragma unroll
      for (int k = 0; k < kFours; ++k)
        load_four(p.input[v], 4 * (i + static_cast<uint32_t>(k * stride)), many(k),
                  slots + v * of_slot + k * stride);
    close_copies();
    wait_copies<0>();
    Eight last{};
    for (int k = 0; k < p.code_length; ++k) {
      const ProgramCode& c = p.code[k];
      const auto operand = [&](int o) {
        const int slot = c.operand[o];
        return slot == kInRegisters ? last : read_slots(slots + slot * of_slot, stride);
      };
      const Eight a = c.arity > 0 ? operand(0) : Eight{}, b = c.arity > 1 ? operand(1) : Eight{};
      const Eight third = c.arity > 2 ? operand(2) : Eight{};
      last = evaluate_all(c, p.step, i, static_cast<uint32_t>(stride), a, b, third);
      if (p.slot[k] != kInRegisters) write_slots(slots + p.slot[k] * of_slot, stride, last);
    }
    for (int r = 0; r < p.results; ++r)
#pragma unroll
      for (int k = 0; k < kFours; ++k)
        if (many(k) > 0)
          store_four(p.result[r], 4 * (i + static_cast<uint32_t>(k * stride)), many(k),
                     slots[p.result[r].slot * of_slot + k * stride]);
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
  if (program.inputs.size() > size_t{kMostInputs} || program.code.size() > size_t{kMostCode} ||
      program.outputs.size() > size_t{kMostCode} || program.domain.elements() > INT32_MAX)
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
  assign_slots(program);
}

// As few slots as values live at once; inputs are there from the beginning. What only the next
// instruction reads needs none.
void VectorProgram::assign_slots(const Program& program) {
  const size_t inputs = sources_.size(), end = code_.size() + 1;
  std::vector<size_t> last_use(inputs + code_.size(), 0);
  for (size_t k = 0; k < code_.size(); ++k)
    for (int o = 0; o < code_[k].arity; ++o) last_use[code_[k].operand[o]] = k;
  for (const ProgramOutput& out : program.outputs) last_use[static_cast<size_t>(out.value)] = end;
  std::vector<uint8_t> slot_of(inputs + code_.size(), kInRegisters), unused;
  slots_ = static_cast<int>(inputs);
  for (size_t i = 0; i < inputs; ++i) slot_of[i] = static_cast<uint8_t>(i);
  for (size_t k = 0; k < code_.size(); ++k) {
    ProgramCode& c = code_[k];
    const size_t result = inputs + k;
    for (int o = 0; o < c.arity; ++o) {
      const size_t value = c.operand[o];
      c.operand[o] = k > 0 && value + 1 == result ? kInRegisters : slot_of[value];
      if (last_use[value] != k || slot_of[value] == kInRegisters) continue;
      unused.push_back(slot_of[value]);
      last_use[value] = end;  // given back once
    }
    if (last_use[result] <= k + 1) continue;
    if (unused.empty()) unused.push_back(static_cast<uint8_t>(slots_++));
    slot_of[result] = unused.back();
    unused.pop_back();
  }
  result_slots_.assign(slot_of.begin() + static_cast<std::ptrdiff_t>(inputs), slot_of.end());
  for (const ProgramOutput& out : program.outputs)
    targets_.push_back(
        {slot_of[static_cast<size_t>(out.value)], program.dtype_of_value(out.value)});
}

void VectorProgram::run(const RunArgs& args, std::span<void* const> targets) const {
  if (count_ == 0) return;
  VectorImage p{};
  p.count = static_cast<uint32_t>(count_);
  p.step = Step(args);
  for (const Source& s : sources_) {
    p.input[p.inputs] = vector_input(args.in[p.inputs], s.dtype, s.walk);
    ++p.inputs;
  }
  for (const ProgramCode& c : code_) {
    p.slot[p.code_length] = result_slots_[static_cast<size_t>(p.code_length)];
    p.code[p.code_length++] = c;
  }
  for (size_t o = 0; o < targets.size(); ++o)
    p.result[p.results++] = {targets[o], targets_[o].dtype, in_packs(targets[o]), targets_[o].slot};
  // Slots within the 48 KB that every kernel may have.
  const int slots = std::max(slots_, 1), threads = slots <= 12 ? 128 : slots <= 24 ? 64 : kWarp;
  const int64_t of_block = threads * 4 * kFours;
  const int64_t blocks = std::min<int64_t>((count_ + of_block - 1) / of_block, 8192);
  launch(vector_program_kernel, dim3(static_cast<unsigned>(blocks)),
         dim3(static_cast<unsigned>(threads)),
         sizeof(Four) * static_cast<size_t>(kFours * slots * threads), stream_of(args), p);
}

}  // namespace kn::cuda
