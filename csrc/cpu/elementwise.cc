// Elementwise programs in cache-sized tiles. For each tile the instructions run one after the other
// over registers of one tile each, so that nothing but inputs and outputs touches memory beyond the
// cache; operands that are as large as the domain are used in place, others are spread over the
// tile. All decoding happens when the kernel is made: a tile costs an indirect call per instruction.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/elementwise.h"
#include "cpu/tile_code.h"
#include "cpu/tiling.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr size_t kRegisterBytes = 48 * 1024;  // on the stack of whoever runs a chunk
constexpr size_t kCacheBytes = 24 * 1024;     // registers should leave room for streams in L1
constexpr int kMaxSlots = 2 * Program::kMaxValues;
constexpr Dim kTileElements = 1024, kSmallTile = 128;
constexpr Dim kMaxChunks = 64;
constexpr double kChunkNs = 8000;
constexpr size_t kSplatBytes = 64;

void splat(void* to, const void* from, size_t size) {
  for (size_t at = 0; at < kSplatBytes; at += size)
    std::memcpy(static_cast<char*>(to) + at, from, size);
}

// The first `size` bytes of `data` again and again up to `bytes`.
void repeat(char* data, size_t size, size_t bytes) {
  for (size_t done = size; done < bytes;) {
    const size_t more = std::min(done, bytes - done);
    std::memcpy(data + done, data, more);
    done += more;
  }
}

// A closing reduction: functions of its dtype and where chunks leave their parts.
struct Close {
  int output;
  Closing closing;
  Pattern pattern;
  int type;           // 0 float32, 1 float64
  Dim kept = 1;       // elements of the output
  Dim run = 1;        // elements of the domain per element of the output
  size_t part = 0;    // offset of chunk 0's part in the workspace
  size_t part_bytes = 0;

  double start() const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return closing == Closing::max ? -kInfinity : closing == Closing::min ? kInfinity : 0;
  }
  double scale() const { return closing == Closing::mean ? 1.0 / static_cast<double>(run) : 1.0; }
  void store(void* out, Dim i, double value) const {
    if (type == 0) static_cast<float*>(out)[i] = static_cast<float>(value);
    else static_cast<double*>(out)[i] = value;
  }
  double load(const void* in, Dim i) const {
    return type == 0 ? static_cast<const float*>(in)[i] : static_cast<const double*>(in)[i];
  }
};

class Elementwise : public Kernel {
 public:
  Elementwise(const Program& program, TileCode code, Tiling tiling,
              std::span<const HostTensor* const> constants);

  size_t workspace_bytes() const override { return workspace_; }
  bool in_place(int output, int input) const override;
  void run(const RunArgs& args) const override;

 private:
  // What a run needs besides the plan: one per chunk, on its stack.
  struct Chunk {
    // Not an aggregate: braces would clear the registers.
    Chunk(const RunArgs& run, Dim i, Dim from, Dim to) : args(run), index(i), begin(from), end(to) {}
    const RunArgs& args;
    Dim index, begin, end;
    void* slots[kMaxSlots];
    double carry[Program::kMaxValues];  // of each closing over everything or over runs
    alignas(64) char registers[kRegisterBytes];
    alignas(64) uint32_t words[kTileElements + 4];  // of a draw
  };

  size_t size(int input) const { return sizes_[input]; }
  void run_chunk(const RunArgs& args, Dim index) const;
  void set_up(Chunk& c) const;
  void draw(Chunk& c, const TileStep& step, Dim position, Dim count) const;
  void place_operands(Chunk& c, Dim position, Dim count) const;
  void place_walk(Chunk& c, int input, Dim position, Dim count) const;
  void close_tile(Chunk& c, Dim position, Dim count) const;
  void close_leading(Chunk& c, const Close& close, const char* x, Dim position, Dim count) const;
  void close_trailing(Chunk& c, const Close& close, const char* x, Dim position, Dim count) const;
  double joined(const Close& close, const void* x, Dim count, double total) const;
  char* part(const RunArgs& args, const Close& close, Dim chunk) const;
  void finish(const RunArgs& args) const;

  const ElementwiseTable* table_;
  const RandomTable* random_;
  TileCode code_;
  Tiling tiling_;
  std::vector<size_t> sizes_;           // bytes per element of inputs, then outputs
  std::vector<int16_t> streams_;        // slots that advance with the domain
  std::vector<int16_t> expanded_;       // inputs that need a register or a splat of their own
  std::vector<size_t> register_of_;     // byte offset of each expanded input
  size_t first_register_ = 0;           // byte offset of the code's registers
  std::vector<Close> closes_;
  std::vector<std::array<char, kSplatBytes>> constants_;  // splats known when the plan is made
  std::vector<int> constant_of_;        // of each input: index into constants_, or -1
  Dim unit_ = 1, chunks_ = 1;           // chunks are whole units
  int64_t cost_ns_ = 0;
  size_t workspace_ = 0;
};

Elementwise::Elementwise(const Program& program, TileCode code, Tiling tiling,
                         std::span<const HostTensor* const> constants)
    : table_(&table().elementwise), random_(&table().random), code_(std::move(code)), tiling_(std::move(tiling)) {
  const Dim n = tiling_.elements;
  size_t offset = 0;
  for (int i = 0; i < code_.inputs; ++i) {
    sizes_.push_back(size_of(program.inputs[i].dtype));
    constant_of_.push_back(-1);
    const TiledOperand& operand = tiling_.operands[i];
    // Splats, and walks over the inner axis that stay in one row, are read without a step.
    const bool varies = operand.reach == Reach::stream || operand.reach == Reach::repeat ||
                        (operand.reach == Reach::walk && (operand.along_inner || tiling_.blocks));
    for (TileStep& step : code_.steps)
      for (int k = 0; k < step.arity; ++k)
        if (step.sources[k] == i) step.operands.varies[k] = varies;
    if (operand.reach == Reach::stream) {
      streams_.push_back(static_cast<int16_t>(i));
    } else if (operand.reach == Reach::single && !constants.empty() && constants[i]) {
      constant_of_[i] = static_cast<int>(constants_.size());
      splat(constants_.emplace_back().data(), constants[i]->data(), sizes_[i]);
    } else {
      expanded_.push_back(static_cast<int16_t>(i));
      register_of_.push_back(offset);
      const bool tile_wide = tiling_.blocks && operand.reach != Reach::single;
      // A tile and room for one vector of excess, or one vector.
      offset += kSplatBytes;
      if (tile_wide) offset += (static_cast<size_t>(tiling_.tile) * sizes_[i] + 63) / 64 * 64;
    }
  }
  first_register_ = offset;
  for (TileStep& step : code_.steps)
    for (int k = 0; k < step.arity; ++k)
      if (step.sources[k] >= code_.inputs) step.operands.varies[k] = 1;

  bool by_rows = false;
  unit_ = tiling_.tile;
  Dim most_chunks = kMaxChunks;
  for (int o = 0; o < code_.outputs; ++o) {
    const ProgramOutput& out = program.outputs[o];
    sizes_.push_back(size_of(program.dtype_of_value(out.value)));
    const Pattern pattern = tiling_.patterns[o];
    if (out.closing == Closing::none) {
      streams_.push_back(static_cast<int16_t>(code_.inputs + o));
      continue;
    }
    Close close{o, out.closing, pattern, program.dtype_of_value(out.value) == DType::f64};
    close.kept = out.kept.elements();
    close.run = close.kept > 0 ? n / close.kept : 0;
    if (pattern == Pattern::trailing || pattern == Pattern::none) {
      close.pattern = Pattern::trailing;
      unit_ = by_rows ? std::max(unit_, close.run) : std::max<Dim>(close.run, 1);
      by_rows = true;
    } else if (pattern == Pattern::leading) {
      most_chunks = std::clamp<Dim>(close.run / 8, 1, most_chunks);
    }
    closes_.push_back(close);
  }
  // Whole runs of every closing, and whole rows: a common unit only where there is one.
  if (tiling_.blocks && unit_ % tiling_.inner != 0)
    unit_ = tiling_.inner % unit_ == 0 ? tiling_.inner : n;
  for (const Close& close : closes_)
    if (close.pattern == Pattern::trailing && close.run > 0 && unit_ % close.run != 0) unit_ = n;
  const double cost = code_.ns_per_element * static_cast<double>(n);
  cost_ns_ = static_cast<int64_t>(cost);
  const Dim units = unit_ > 0 ? (n + unit_ - 1) / unit_ : 1;
  chunks_ = std::clamp<Dim>(static_cast<Dim>(cost / kChunkNs), 1,
                            std::clamp<Dim>(units, 1, most_chunks));
  for (Close& close : closes_) {
    if (close.pattern == Pattern::trailing) continue;
    close.part = workspace_;
    close.part_bytes = close.pattern == Pattern::all ? sizeof(double)
                                                     : static_cast<size_t>(close.kept) *
                                                           (close.type == 0 ? 4 : 8);
    if (chunks_ > 1) workspace_ += (close.part_bytes * static_cast<size_t>(chunks_) + 63) / 64 * 64;
  }
}

bool Elementwise::in_place(int output, int input) const {
  if (input >= code_.inputs || tiling_.operands[input].reach != Reach::stream) return false;
  const bool stored = code_.results[output] == code_.inputs + output;
  return stored && sizes_[input] == sizes_[code_.inputs + output] &&
         code_.last_use[input] <= code_.made_by[output];
}

void Elementwise::run(const RunArgs& args) const {
  if (tiling_.elements > 0) {
    if (chunks_ == 1) run_chunk(args, 0);
    else args.pool->run_chunks(chunks_, cost_ns_, [&](int64_t i) { run_chunk(args, i); });
  }
  if (!closes_.empty()) finish(args);
}

void Elementwise::run_chunk(const RunArgs& args, Dim index) const {
  const Dim n = tiling_.elements, units = (n + unit_ - 1) / unit_;
  Chunk c(args, index, index * units / chunks_ * unit_,
          std::min(n, (index + 1) * units / chunks_ * unit_));
  set_up(c);
  const bool pieces = !tiling_.blocks && tiling_.inner < n;
  for (Dim at = c.begin; at < c.end;) {
    Dim count = std::min(tiling_.tile, c.end - at);
    if (pieces) count = std::min(count, tiling_.inner - at % tiling_.inner);
    place_operands(c, at, count);
    for (const TileStep& step : code_.steps) {
      if (step.draws) {
        draw(c, step, at, count);
        continue;
      }
      TileOperands operands = step.operands;
      for (int k = 0; k < 3; ++k) operands.source[k] = c.slots[step.sources[k]];
      step.run(c.slots[step.out], operands, count);
    }
    if (!closes_.empty()) close_tile(c, at, count);
    at += count;
  }
  for (size_t k = 0; k < closes_.size(); ++k)
    if (closes_[k].pattern == Pattern::all) {
      if (chunks_ > 1) *reinterpret_cast<double*>(part(args, closes_[k], index)) = c.carry[k];
      else closes_[k].store(args.out[closes_[k].output], 0, c.carry[k] * closes_[k].scale());
    }
}

// Registers, splats, and rows that are the same for every block.
void Elementwise::set_up(Chunk& c) const {
  for (int i = 0; i < code_.inputs; ++i)
    if (constant_of_[i] >= 0)
      c.slots[i] = const_cast<char*>(constants_[constant_of_[i]].data());
  for (size_t e = 0; e < expanded_.size(); ++e) {
    const int i = expanded_[e];
    char* own = c.registers + register_of_[e];
    c.slots[i] = own;
    if (tiling_.operands[i].reach == Reach::single) {
      splat(own, c.args.in[i], size(i));
    } else if (tiling_.operands[i].reach == Reach::repeat && tiling_.blocks) {
      const size_t row = static_cast<size_t>(tiling_.inner) * size(i);
      const size_t count = static_cast<size_t>(std::min(tiling_.tile, c.end - c.begin));
      std::memcpy(own, c.args.in[i], row);
      repeat(own, row, count * size(i));
    }
  }
  char* next = c.registers + first_register_;
  for (int r = 0; r < code_.registers; ++r) {
    c.slots[code_.inputs + code_.outputs + r] = next;
    next += static_cast<size_t>(tiling_.tile) * code_.element;
  }
  for (size_t k = 0; k < closes_.size(); ++k) {
    const Close& close = closes_[k];
    c.carry[k] = close.start();
    if (close.pattern != Pattern::leading) continue;
    char* total = part(c.args, close, c.index);
    for (Dim i = 0; i < close.kept; ++i) close.store(total, i, close.start());
  }
}

void Elementwise::place_operands(Chunk& c, Dim position, Dim count) const {
  for (int16_t s : streams_) {
    char* base = s < code_.inputs
                     ? const_cast<char*>(static_cast<const char*>(c.args.in[s]))
                     : static_cast<char*>(c.args.out[s - code_.inputs]);
    c.slots[s] = base + static_cast<size_t>(position) * sizes_[s];
  }
  for (int16_t i : expanded_) {
    const TiledOperand& operand = tiling_.operands[i];
    if (operand.reach == Reach::walk) {
      place_walk(c, i, position, count);
    } else if (operand.reach == Reach::repeat && !tiling_.blocks) {
      const Dim column = position % tiling_.inner;
      c.slots[i] = const_cast<char*>(static_cast<const char*>(c.args.in[i])) +
                   static_cast<size_t>(column) * size(i);
    }
  }
}

void Elementwise::place_walk(Chunk& c, int input, Dim position, Dim count) const {
  const TiledOperand& operand = tiling_.operands[input];
  const auto* data = static_cast<const char*>(c.args.in[input]);
  const size_t bytes = size(input);
  const size_t e = static_cast<size_t>(
      std::find(expanded_.begin(), expanded_.end(), input) - expanded_.begin());
  char* own = c.registers + register_of_[e];
  Dim row = position / tiling_.inner;
  if (!tiling_.blocks) {
    const char* at = data + static_cast<size_t>(tiling_.offset(input, row)) * bytes;
    if (operand.along_inner) {
      at += static_cast<size_t>(position % tiling_.inner) * bytes;
      c.slots[input] = const_cast<char*>(at);
    } else {
      splat(own, at, bytes);
    }
    return;
  }
  const size_t row_bytes = static_cast<size_t>(tiling_.inner) * bytes;
  const auto spread = table_->spread[std::countr_zero(bytes)];
  char* to = own;
  for (Dim rows = count / tiling_.inner; rows > 0;) {
    // As many rows as lie one step of the last outer axis apart.
    const Dim extent = tiling_.extents[tiling_.rank - 2];
    const Dim run = std::min(rows, extent - row % extent), step = operand.steps[tiling_.rank - 2];
    const char* at = data + static_cast<size_t>(tiling_.offset(input, row)) * bytes;
    if (operand.along_inner)
      for (Dim r = 0; r < run; ++r)
        std::memcpy(to + static_cast<size_t>(r) * row_bytes,
                    at + static_cast<size_t>(r * step) * bytes, row_bytes);
    else spread(at, step, to, run, tiling_.inner);
    to += static_cast<size_t>(run) * row_bytes;
    row += run;
    rows -= run;
  }
}

// Dropout: words come in blocks of four, and a tile may begin within one.
void Elementwise::draw(Chunk& c, const TileStep& step, Dim position, Dim count) const {
  const Dim skip = position % 4;
  random_->words(step.seed, c.args.step, static_cast<uint64_t>(position / 4), c.words, count + skip);
  const void* x = c.slots[step.sources[0]];
  void* out = c.slots[step.out];
  if (step.is_f64)
    random_->dropout_f64(c.words + skip, step.first, step.scale, static_cast<const double*>(x),
                       static_cast<double*>(out), count);
  else
    random_->dropout_f32(c.words + skip, step.first, static_cast<float>(step.scale),
                       static_cast<const float*>(x), static_cast<float*>(out), count);
}

double Elementwise::joined(const Close& close, const void* x, Dim count, double total) const {
  if (close.closing == Closing::max) return table_->max[close.type](x, count, total);
  if (close.closing == Closing::min) return table_->min[close.type](x, count, total);
  table_->add_sums[close.type](x, 1, count, &total);
  return total;
}

void Elementwise::close_tile(Chunk& c, Dim position, Dim count) const {
  for (size_t k = 0; k < closes_.size(); ++k) {
    const Close& close = closes_[k];
    const auto* x = static_cast<const char*>(c.slots[code_.results[close.output]]);
    if (close.pattern == Pattern::all) c.carry[k] = joined(close, x, count, c.carry[k]);
    else if (close.pattern == Pattern::leading) close_leading(c, close, x, position, count);
    else close_trailing(c, close, x, position, count);
  }
}

// x holds [position, position + count) of a domain (run, kept).
void Elementwise::close_leading(Chunk& c, const Close& close, const char* x, Dim position,
                                Dim count) const {
  const auto join = close.closing == Closing::max   ? table_->max_rows[close.type]
                    : close.closing == Closing::min ? table_->min_rows[close.type]
                                                    : table_->add_rows[close.type];
  const size_t bytes = close.type == 0 ? 4 : 8;
  char* total = part(c.args, close, c.index);
  while (count > 0) {
    const Dim column = position % close.kept;
    Dim rows = 1, width = std::min(close.kept - column, count);
    if (column == 0 && count >= close.kept) rows = count / close.kept;
    join(x, rows, width, total + static_cast<size_t>(column) * bytes);
    const Dim done = rows * width;
    x += static_cast<size_t>(done) * bytes;
    position += done;
    count -= done;
  }
}

// x holds [position, position + count) of a domain (kept, run); chunks begin with whole runs.
void Elementwise::close_trailing(Chunk& c, const Close& close, const char* x, Dim position,
                                 Dim count) const {
  constexpr Dim kRows = 64;
  const size_t bytes = close.type == 0 ? 4 : 8;
  double& carry = c.carry[&close - closes_.data()];
  void* out = c.args.out[close.output];
  const bool adds = close.closing == Closing::sum || close.closing == Closing::mean;
  while (count > 0) {
    const Dim done = position % close.run, row = position / close.run;
    Dim width = std::min(close.run - done, count);
    if (adds && done == 0 && count >= close.run) {
      double totals[kRows] = {};
      const Dim rows = std::min(kRows, count / close.run);
      table_->add_sums[close.type](x, rows, close.run, totals);
      for (Dim r = 0; r < rows; ++r) close.store(out, row + r, totals[r] * close.scale());
      width = rows * close.run;
    } else {
      carry = joined(close, x, width, carry);
      if (done + width == close.run) {
        close.store(out, row, carry * close.scale());
        carry = close.start();
      }
    }
    x += static_cast<size_t>(width) * bytes;
    position += width;
    count -= width;
  }
}

// Where chunk `chunk` gathers a reduction over leading axes or over everything: a lone chunk gathers
// in the output itself.
char* Elementwise::part(const RunArgs& args, const Close& close, Dim chunk) const {
  if (chunks_ == 1) return static_cast<char*>(args.out[close.output]);
  return static_cast<char*>(args.workspace) + close.part +
         close.part_bytes * static_cast<size_t>(chunk);
}

// Joins the parts in order, whoever made them.
void Elementwise::finish(const RunArgs& args) const {
  for (const Close& close : closes_) {
    void* out = args.out[close.output];
    if (tiling_.elements == 0) {
      const double empty = close.closing == Closing::mean
                               ? std::numeric_limits<double>::quiet_NaN() : close.start();
      for (Dim i = 0; i < close.kept; ++i) close.store(out, i, empty);
      continue;
    }
    if (close.pattern == Pattern::trailing || (close.pattern == Pattern::all && chunks_ == 1))
      continue;
    if (close.pattern == Pattern::all) {
      double total = close.start();
      for (Dim i = 0; i < chunks_; ++i) {
        const double x = *reinterpret_cast<const double*>(part(args, close, i));
        if (close.closing == Closing::max) total = x > total || x != x ? x : total;
        else if (close.closing == Closing::min) total = x < total || x != x ? x : total;
        else total += x;
      }
      close.store(out, 0, total * close.scale());
      continue;
    }
    if (chunks_ > 1) {
      const auto join = close.closing == Closing::max   ? table_->max_rows[close.type]
                        : close.closing == Closing::min ? table_->min_rows[close.type]
                                                        : table_->add_rows[close.type];
      for (Dim i = 0; i < close.kept; ++i) close.store(out, i, close.start());
      join(part(args, close, 0), chunks_, close.kept, out);
    }
    if (close.closing == Closing::mean)
      for (Dim i = 0; i < close.kept; ++i) close.store(out, i, close.load(out, i) * close.scale());
  }
}

// The tile that lets all registers and expanded operands share the first-level cache.
Dim tile_elements(const Program& program, const TileCode& code) {
  const size_t wide = static_cast<size_t>(code.registers + code.inputs);
  Dim tile = kTileElements;
  while (tile > kSmallTile && static_cast<size_t>(tile) * code.element * wide > kCacheBytes)
    tile /= 2;
  // Small domains: what is repeated over a tile should not cost more than the tiles themselves.
  const Dim n = program.domain.elements();
  if (n <= 8 * kTileElements) tile = std::min<Dim>(tile, 512);
  return tile;
}

std::unique_ptr<Kernel> make_tiles(const KernelRequest& request, std::string& refusal) {
  Program program;
  if (!program_of(request.op, request.attrs, request.in, request.out, request.payload, program)) {
    refusal = "no elementwise op";
    return nullptr;
  }
  if (program.value_count() > Program::kMaxValues) {
    refusal = "too many values";
    return nullptr;
  }
  TileCode code;
  Tiling tiling;
  if (!make_tile_code(program, code, refusal) ||
      !make_tiling(program, tile_elements(program, code), tiling, refusal))
    return nullptr;
  for (const TileStep& step : code.steps)
    if (step.draws && step.sources[0] < code.inputs &&
        tiling.operands[step.sources[0]].reach != Reach::stream) {
      refusal = "dropout of a broadcast operand";
      return nullptr;
    }
  size_t bytes = static_cast<size_t>(code.registers) * static_cast<size_t>(tiling.tile) * code.element;
  for (const TensorType& in : program.inputs)
    bytes += 2 * kSplatBytes + static_cast<size_t>(tiling.tile) * size_of(in.dtype);
  if (bytes > kRegisterBytes) {
    refusal = "too many values at once for the registers";
    return nullptr;
  }
  return std::make_unique<Elementwise>(program, std::move(code), std::move(tiling),
                                       request.constants.first(std::min(request.constants.size(),
                                                                        program.inputs.size())));
}

const Candidate kElementwise[] = {{"tiles", make_tiles}, {"ref", ref::make_elementwise}};

const OpKernels kKernels[] = {
#define KN_OP(name, arity, accepts, result) {#name, kElementwise},
#include "base/elementwise_ops.inc"
#undef KN_OP
    {"cast", kElementwise},       {"zeros_like", kElementwise},     {"ones_like", kElementwise},
    {"full_like", kElementwise},  {"broadcast_like", kElementwise}, {"broadcast_to", kElementwise},
    {"fused", kElementwise},
};

}  // namespace

std::span<const OpKernels> elementwise_kernels() { return kKernels; }

}  // namespace kn::cpu
