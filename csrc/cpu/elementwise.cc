// Elementwise programs in cache-sized tiles. For each tile the instructions run one after the other
// over registers of one tile each, so that nothing but inputs and outputs touches memory beyond the
// cache; operands that are as large as the domain are used in place, others are spread over the
// tile. All decoding happens when the kernel is made: a tile costs an indirect call per
// instruction.
#include <algorithm>

#include "cpu/closing_reduction.h"
#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/operand_placer.h"
#include "cpu/ref/elementwise.h"
#include "cpu/tile_code.h"
#include "cpu/tiling.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr size_t kOwnBytes = 48 * 1024;    // registers, on the stack of whoever runs a chunk
constexpr size_t kCacheBytes = 24 * 1024;  // registers should leave room for streams in L1
constexpr int kMaxSlots = 2 * Program::kMaxValues;
constexpr Dim kTileElements = 1024, kLeastTile = 128;
constexpr Dim kMaxChunks = 64;
constexpr double kChunkNs = 8000;
constexpr double kStreamNs = 0.03;  // per element of a stream in cache

struct Close {
  int output;
  ClosingReduction reduction;
  size_t parts = 0;  // where the parts of chunks begin in the workspace
};

// How the domain is cut into chunks, from its size alone: whole runs of every closing reduction and
// whole rows of blocks.
struct Chunks {
  Dim unit = 1, count = 1;

  Chunks(const Tiling& tiling, const std::vector<Close>& closes, double cost) : unit(tiling.tile) {
    const Dim n = tiling.elements;
    Dim most = kMaxChunks;
    bool runs = false;
    for (const Close& close : closes) {
      const Dim run = std::max<Dim>(close.reduction.run(), 1);
      if (close.reduction.pattern() == Pattern::trailing) {
        unit = runs ? std::max(unit, run) : run;
        runs = true;
      } else if (close.reduction.pattern() == Pattern::leading) {
        most = std::clamp<Dim>(run / 8, 1, most);  // parts are as large as the result
      }
    }
    if (tiling.blocks && unit % tiling.inner != 0)
      unit = tiling.inner % unit == 0 ? tiling.inner : n;
    for (const Close& close : closes)
      if (close.reduction.pattern() == Pattern::trailing && close.reduction.run() > 0 &&
          unit % close.reduction.run() != 0)
        unit = n;
    count = std::clamp<Dim>(static_cast<Dim>(cost / kChunkNs), 1,
                            std::clamp<Dim>((n + unit - 1) / unit, 1, most));
  }

  Dim begin(Dim chunk, Dim n) const {
    const Dim units = (n + unit - 1) / unit;
    return std::min(n, chunk * units / count * unit);
  }
};

class Elementwise : public Kernel {
 public:
  Elementwise(const Program& program, TileCode code, const Tiling& tiling,
              std::span<const HostTensor* const> constants)
      : code_(std::move(code)),
        tiling_(tiling),
        placer_(program, tiling_, constants),
        closes_(closes_of(program, tiling)),
        cost_ns_((code_.ns_per_element + kStreamNs * (code_.inputs + code_.outputs)) *
                 static_cast<double>(tiling.elements)),
        chunks_(tiling, closes_, cost_ns_),
        random_(&table().random) {
    for (const TensorType& in : program.inputs) sizes_.push_back(size_of(in.dtype));
    for (const ProgramOutput& out : program.outputs) {
      if (out.closing == Closing::none) stored_.push_back(static_cast<int>(sizes_.size()));
      sizes_.push_back(size_of(program.dtype_of_value(out.value)));
    }
    for (TileStep& step : code_.steps)
      for (int k = 0; k < step.arity; ++k)
        step.operands.varies[k] =
            step.sources[k] >= code_.inputs || placer_.varies(step.sources[k]);
    if (chunks_.count == 1) return;
    for (Close& close : closes_) {
      close.parts = workspace_;
      const size_t bytes = close.reduction.part_bytes() * static_cast<size_t>(chunks_.count);
      workspace_ += (bytes + 63) / 64 * 64;
    }
  }

  size_t workspace_bytes() const override { return workspace_; }

  bool in_place(int output, int input) const override {
    if (input >= code_.inputs || tiling_.operands[input].reach != Reach::stream) return false;
    const int slot = code_.inputs + output;
    return code_.results[output] == slot && sizes_[input] == sizes_[slot] &&
           code_.last_use[input] <= code_.made_by[output];
  }

  void run(const RunArgs& args) const override {
    if (tiling_.elements == 0) {
      for (const Close& close : closes_) close.reduction.fill_empty(args.out[close.output]);
    } else if (chunks_.count == 1) {
      run_chunk(args, 0);
    } else {
      args.pool->run_chunks(chunks_.count, static_cast<int64_t>(cost_ns_),
                            [&](int64_t i) { run_chunk(args, i); });
      for (const Close& close : closes_)
        close.reduction.join(part(args, close, 0), chunks_.count, args.out[close.output]);
    }
  }

 private:
  // What a chunk needs on its stack. No initialisers: clearing it would cost more than most runs.
  struct Scratch {
    Scratch() {}  // NOLINT: on purpose
    void* slots[kMaxSlots];
    double carries[Program::kMaxValues];
    alignas(64) char own[kOwnBytes];
    alignas(64) uint32_t words[kTileElements + 4];  // of a draw
  };

  static std::vector<Close> closes_of(const Program& program, const Tiling& tiling) {
    std::vector<Close> closes;
    for (int o = 0; o < static_cast<int>(program.outputs.size()); ++o) {
      const ProgramOutput& out = program.outputs[o];
      if (out.closing == Closing::none) continue;
      const DType type = program.dtype_of_value(out.value);
      closes.push_back({o, {out, type, tiling.patterns[o], tiling.elements}});
    }
    return closes;
  }

  void run_chunk(const RunArgs& args, Dim chunk) const {
    Scratch s;
    const Dim n = tiling_.elements;
    const Dim begin = chunks_.begin(chunk, n), end = chunks_.begin(chunk + 1, n);
    set_up(s, args, chunk, begin, end);
    const bool pieces = !tiling_.blocks && tiling_.inner < n;
    for (Dim at = begin; at < end;) {
      Dim count = std::min(tiling_.tile, end - at);
      if (pieces) count = std::min(count, tiling_.inner - at % tiling_.inner);
      run_tile(s, args, at, count);
      for (size_t k = 0; k < closes_.size(); ++k) {
        const Close& close = closes_[k];
        const auto* x = static_cast<const char*>(s.slots[code_.results[close.output]]);
        close.reduction.add(x, at, count, part(args, close, chunk), s.carries[k],
                            args.out[close.output]);
      }
      at += count;
    }
    for (size_t k = 0; k < closes_.size(); ++k) {
      const ClosingReduction& reduction = closes_[k].reduction;
      void* to = part(args, closes_[k], chunk);
      if (chunks_.count > 1) reduction.stop(to, s.carries[k]);
      else reduction.join(reduction.pattern() == Pattern::all ? &s.carries[k] : to, 1, to);
    }
  }

  void set_up(Scratch& s, const RunArgs& args, Dim chunk, Dim begin, Dim end) const {
    placer_.set_up(s.slots, s.own, args.in, begin, end);
    char* next = s.own + placer_.own_bytes();
    for (int r = 0; r < code_.registers; ++r) {
      s.slots[code_.inputs + code_.outputs + r] = next;
      next += static_cast<size_t>(tiling_.tile) * code_.element;
    }
    for (size_t k = 0; k < closes_.size(); ++k)
      closes_[k].reduction.start(part(args, closes_[k], chunk), s.carries[k]);
  }

  void run_tile(Scratch& s, const RunArgs& args, Dim position, Dim count) const {
    placer_.place(s.slots, s.own, args.in, position, count);
    for (int slot : stored_)
      s.slots[slot] = static_cast<char*>(args.out[slot - code_.inputs]) +
                      static_cast<size_t>(position) * sizes_[slot];
    for (const TileStep& step : code_.steps) {
      if (step.draws) {
        drop_out(s, step, args.step, position, count);
        continue;
      }
      TileOperands operands = step.operands;
      for (int k = 0; k < 3; ++k) operands.source[k] = s.slots[step.sources[k]];
      step.run(s.slots[step.out], operands, count);
    }
  }

  // Words come in blocks of four, and a tile may begin within one.
  void drop_out(Scratch& s, const TileStep& step, uint64_t run, Dim position, Dim count) const {
    const Dim skip = position % 4;
    random_->words(step.seed, run, static_cast<uint64_t>(position / 4), s.words, count + skip);
    const void* x = s.slots[step.sources[0]];
    void* out = s.slots[step.out];
    if (step.is_f64)
      random_->dropout_f64(s.words + skip, step.first, step.scale, static_cast<const double*>(x),
                           static_cast<double*>(out), count);
    else
      random_->dropout_f32(s.words + skip, step.first, static_cast<float>(step.scale),
                           static_cast<const float*>(x), static_cast<float*>(out), count);
  }

  // Where a chunk gathers its part of a reduction: a lone one in the output itself.
  void* part(const RunArgs& args, const Close& close, Dim chunk) const {
    if (chunks_.count == 1) return args.out[close.output];
    return static_cast<char*>(args.workspace) + close.parts +
           close.reduction.part_bytes() * static_cast<size_t>(chunk);
  }

  TileCode code_;
  Tiling tiling_;
  OperandPlacer placer_;
  std::vector<Close> closes_;
  double cost_ns_;
  Chunks chunks_;
  const RandomTable* random_;
  std::vector<size_t> sizes_;  // bytes of an element of each input, then of each output
  std::vector<int> stored_;    // slots of outputs that are stored
  size_t workspace_ = 0;
};

// The tile that lets all registers and expanded operands share the first-level cache.
Dim tile_elements(const Program& program, const TileCode& code) {
  const auto wide = static_cast<size_t>(code.registers + code.inputs);
  Dim tile = kTileElements;
  while (tile > kLeastTile && static_cast<size_t>(tile) * code.element * wide > kCacheBytes)
    tile /= 2;
  // Small domains: what is repeated over a tile should not cost more than the tiles themselves.
  if (program.domain.elements() <= 8 * kTileElements) tile = std::min<Dim>(tile, 512);
  return tile;
}

// Bytes of registers and of operands spread over a tile, at most.
size_t own_bytes(const Program& program, const TileCode& code, const Tiling& tiling) {
  const auto tile = static_cast<size_t>(tiling.tile);
  size_t bytes = static_cast<size_t>(code.registers) * tile * code.element;
  for (const TensorType& in : program.inputs) bytes += 2 * kSplatBytes + tile * size_of(in.dtype);
  return bytes;
}

bool drops_broadcast(const TileCode& code, const Tiling& tiling) {
  return std::any_of(code.steps.begin(), code.steps.end(), [&](const TileStep& step) {
    return step.draws && step.sources[0] < code.inputs &&
           tiling.operands[step.sources[0]].reach != Reach::stream;
  });
}

std::unique_ptr<Kernel> make_tiles(const KernelRequest& request, std::string& refusal) {
  Program program;
  TileCode code;
  Tiling tiling;
  if (!program_of(request.op, request.attrs, request.in, request.out, request.payload, program)) {
    refusal = "no elementwise op";
  } else if (program.value_count() > Program::kMaxValues) {
    refusal = "too many values";
  } else if (make_tile_code(program, code, refusal) &&
             make_tiling(program, tile_elements(program, code), tiling, refusal)) {
    if (drops_broadcast(code, tiling)) refusal = "dropout of a broadcast operand";
    else if (own_bytes(program, code, tiling) > kOwnBytes) refusal = "too many values at once";
    else return std::make_unique<Elementwise>(program, std::move(code), tiling, request.constants);
  }
  return nullptr;
}

const Candidate kElementwise[] = {{"tiles", make_tiles, true},
                                  {"ref", ref::make_elementwise, true}};

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

}  // namespace kn::cpu
