// All elementwise ops, alone and fused: one kernel runs the program (base/program.h), an element
// per thread at a time. Where the program ends in a reduction, the values to be reduced pass
// through the workspace; what is small is then done by one block, all else by further kernels.
#include <algorithm>
#include <vector>

#include "families.h"
#include "program_block.h"
#include "program_vector.h"
#include "reduction.h"

namespace kn::cuda {

namespace {

constexpr size_t kAlignment = 256;
size_t padded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// The axes of the domain, with those joined that are one run of elements for every input.
class JointWalk {
 public:
  explicit JointWalk(const Program& program) : strides_(program.inputs.size()) {
    const Shape& domain = program.domain;
    std::vector<std::array<Dim, kMaxRank>> all;
    for (const TensorType& in : program.inputs) all.push_back(steps(in.shape, domain));
    for (int axis = 0; axis < domain.rank(); ++axis) {
      if (domain[axis] == 1) continue;
      if (rank_ > 0 && joins(all, axis, domain[axis])) {
        extent_[rank_ - 1] *= domain[axis];
      } else {
        extent_[rank_++] = domain[axis];
      }
      for (size_t i = 0; i < all.size(); ++i) strides_[i][rank_ - 1] = all[i][axis];
    }
  }

  int rank() const { return rank_; }
  const std::array<Dim, kMaxRank>& extent() const { return extent_; }
  const std::array<Dim, kMaxRank>& strides(size_t input) const { return strides_[input]; }

 private:
  static std::array<Dim, kMaxRank> steps(const Shape& s, const Shape& domain) {
    const auto own = strides_of(s);
    const int lead = domain.rank() - s.rank();
    std::array<Dim, kMaxRank> steps{};
    for (int i = 0; i < s.rank(); ++i) steps[lead + i] = s[i] == 1 ? 0 : own[i];
    return steps;
  }

  bool joins(const std::vector<std::array<Dim, kMaxRank>>& all, int axis, Dim n) const {
    for (size_t i = 0; i < all.size(); ++i)
      if (strides_[i][rank_ - 1] != n * all[i][axis]) return false;
    return true;
  }

  int rank_ = 0;
  std::array<Dim, kMaxRank> extent_{};
  std::vector<std::array<Dim, kMaxRank>> strides_;
};

class Elementwise : public Kernel {
 public:
  explicit Elementwise(Program program)
      : program_(std::move(program)),
        walk_(program_),
        count_(program_.domain.elements()),
        vector_(VectorProgram::make(program_)) {
    for (const ProgramOutput& out : program_.outputs) {
      offsets_.push_back(workspace_);
      if (out.closing == Closing::none) continue;
      const TensorType whole{program_.dtype_of_value(out.value), program_.domain};
      workspace_ += padded(whole.bytes());
      reductions_.push_back(reduction(out, whole));
      needed_ = std::max(needed_, reductions_.back().workspace_bytes());
    }
    const size_t closings = reductions_.size();
    in_block_ = closings > 0 && closings <= kBlockClosings && count_ > 0 &&
                count_ <= kBlockElements && program_.value_count() <= kBlockValues;
  }

  size_t workspace_bytes() const override { return workspace_ + needed_; }

  bool in_place(int output, int input) const override {
    if (program_.outputs[output].closing != Closing::none) return false;
    if (input >= program_.input_count()) return false;
    const TensorType& in = program_.inputs[input];
    const DType to = program_.dtype_of_value(program_.outputs[output].value);
    return in.shape.elements() == count_ && size_of(in.dtype) == size_of(to);
  }

  void run(const RunArgs& args) const override {
    if (in_block_) return run_in_block(args);
    if (vector_) run_in_fours(args);
    else if (program_.value_count() <= 12) run_as<ProgramImage<12, 12, 12>>(args);
    else run_as<ProgramImage<Program::kMaxValues, Program::kMaxValues, Program::kMaxValues>>(args);
    size_t next = 0;
    for (size_t o = 0; o < program_.outputs.size(); ++o)
      if (program_.outputs[o].closing != Closing::none)
        reductions_[next++].run(args, target(args, o), args.out[o],
                                static_cast<char*>(args.workspace) + workspace_);
  }

 private:
  Reduction reduction(const ProgramOutput& out, const TensorType& whole) const {
    const AxisSet over = broadcast_axes(program_.domain, out.kept);
    const ReduceKind kinds[] = {ReduceKind::sum, ReduceKind::sum, ReduceKind::mean, ReduceKind::max,
                                ReduceKind::min};
    return Reduction(kinds[static_cast<int>(out.closing)], whole.dtype,
                     walk_axes(program_.domain, over, false),
                     walk_axes(program_.domain, over, true));
  }

  void* target(const RunArgs& args, size_t output) const {
    if (program_.outputs[output].closing == Closing::none) return args.out[output];
    return static_cast<char*>(args.workspace) + offsets_[output];
  }

  void run_in_fours(const RunArgs& args) const {
    std::vector<void*> targets;
    for (size_t o = 0; o < program_.outputs.size(); ++o) targets.push_back(target(args, o));
    vector_->run(args, targets);
  }

  void run_in_block(const RunArgs& args) const {
    BlockImage p{};
    fill(args, p.program);
    for (size_t o = 0; o < program_.outputs.size(); ++o)
      if (program_.outputs[o].closing != Closing::none)
        p.closing[p.closings++] = closing_task(program_.outputs[o], target(args, o), args.out[o]);
    const int values = program_.value_count(), threads = values <= 12 ? kBlockThreads : 256;
    launch(block_kernel<BlockImage>, dim3(1), dim3(threads), sizeof(Slot) * values * threads,
           stream_of(args), p);
  }

  // Axes are reduced all in front or all at the end.
  ClosingTask closing_task(const ProgramOutput& out, const void* from, void* to) const {
    const int64_t results = out.kept.elements(), elements = count_ / results;
    bool in_front = false;
    for (int i = program_.domain.rank() - 1; i >= 0; --i)
      if (program_.domain[i] != 1) in_front = out.kept[i] == 1;
    const DType dtype = program_.dtype_of_value(out.value);
    if (in_front) return {from, to, dtype, out.closing, results, elements, 1, results};
    return {from, to, dtype, out.closing, results, elements, elements, 1};
  }

  template <class Image>
  void fill(const RunArgs& args, Image& p) const {
    p.count = count_;
    p.rank = walk_.rank();
    p.step = Step(args);
    for (int i = 0; i < p.rank; ++i) p.extent[i] = walk_.extent()[i];
    for (const TensorType& in : program_.inputs) {
      ProgramInput& to = p.input[p.inputs];
      to = {args.in[p.inputs], in.dtype, {}};
      for (int i = 0; i < p.rank; ++i) to.stride[i] = walk_.strides(p.inputs)[i];
      ++p.inputs;
    }
    for (const Instruction& from : program_.code) p.code[p.code_length++] = program_code(from);
    for (size_t o = 0; o < program_.outputs.size(); ++o) {
      const int value = program_.outputs[o].value;
      p.result[p.results++] = {target(args, o), program_.dtype_of_value(value),
                               static_cast<uint8_t>(value)};
    }
  }

  template <class Image>
  void run_as(const RunArgs& args) const {
    if (count_ == 0) return;
    Image p{};
    fill(args, p);
    // A column of values for each thread, within the 48 KB that every kernel may have.
    const int values = program_.value_count();
    const int threads = values <= 24 ? 256 : values <= 48 ? 128 : 64;
    const int64_t blocks = std::min<int64_t>((count_ + threads - 1) / threads, 8192);
    launch(program_kernel<Image>, dim3(static_cast<unsigned>(blocks)), dim3(threads),
           sizeof(Slot) * values * threads, stream_of(args), p);
  }

  Program program_;
  JointWalk walk_;
  int64_t count_;
  std::unique_ptr<VectorProgram> vector_;  // where it can take four elements at a time
  std::vector<size_t> offsets_;  // of outputs that are reduced: their values in the workspace
  std::vector<Reduction> reductions_;
  size_t workspace_ = 0, needed_ = 0;
  bool in_block_ = false;
};

std::unique_ptr<Kernel> make_program(const KernelRequest& r, std::string& refusal) {
  Program program;
  if (!program_of(r.op, r.attrs, r.in, r.out, r.payload, program)) {
    refusal = "no elementwise op";
    return nullptr;
  }
  if (computes_on_halves(program)) {
    refusal = "arithmetic on float16 or bfloat16";
    return nullptr;
  }
  return std::make_unique<Elementwise>(std::move(program));
}

const Candidate kElementwise[] = {{"program", make_program, true}};

const OpKernels kKernels[] = {
#define KN_OP(name, arity, accepts, result) {#name, kElementwise},
#include "base/elementwise_ops.inc"
#undef KN_OP
    {"cast", kElementwise},      {"zeros_like", kElementwise},     {"ones_like", kElementwise},
    {"full_like", kElementwise}, {"broadcast_like", kElementwise}, {"broadcast_to", kElementwise},
    {"fused", kElementwise},
};

}  // namespace

std::span<const OpKernels> elementwise_kernels() { return kKernels; }

}  // namespace kn::cuda
