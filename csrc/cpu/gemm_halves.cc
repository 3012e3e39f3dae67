// A chunk of C is computed in passes over k. For a pass its columns of B are packed as a whole and
// stay in the second cache; rows of A are packed a panel at a time and go over all of them. Between
// passes C waits in float32. Sums run over k in the same order for any chunks.
#include "cpu/gemm_halves.h"

#include <algorithm>

#include "base/rounding.h"
#include "cpu/activation_loop.h"
#include "cpu/isa/gemm_halves.h"
#include "cpu/isa/isa.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kBlock = kHalvesBlock, kBlockFloats = kBlock * kBlock;
constexpr int64_t kDepth = 256;                         // steps of a pass
constexpr int64_t kMostColumns = 512, kMostRows = 512;  // of a chunk
constexpr int64_t kMostRowsAtOnce = 2048;               // where one pass does
constexpr int64_t kChunkWork = 2 << 20;                 // multiply-adds worth a thread's visit
constexpr int64_t kLeastWork = 32 * 1024;               // multiply-adds worth tiles

int64_t even_piece(int64_t total, int64_t limit) {
  const int64_t pieces = std::max<int64_t>(1, ceil_div(total, limit));
  return std::max(kBlock, round_up(ceil_div(total, pieces), kBlock));
}

// Bytes of a thread's memory: where its parts begin.
struct Layout {
  size_t b, sums, block, total;

  Layout(int64_t rows, int64_t columns, int64_t k) {
    const auto panel = static_cast<size_t>(ceil_div(std::clamp<int64_t>(k, 1, kDepth), kBlock)) *
                       kHalvesPanelBytes;
    const auto row_panels = static_cast<size_t>(ceil_div(rows, kBlock));
    const auto column_panels = static_cast<size_t>(ceil_div(columns, kBlock));
    b = panel;  // behind a panel of A
    sums = b + column_panels * panel;
    block = sums + (k > kDepth ? row_panels * column_panels * kBlockFloats * sizeof(float) : 0);
    total = block + 2 * kBlockFloats * sizeof(float);
  }
};

// One thread's share: rows x columns of C.
class Chunk {
 public:
  Chunk(const GemmShape& shape, const GemmHalves& kernels, const Epilogue& epilogue,
        const uint16_t* a, const uint16_t* b, char* c, bool floats, int64_t rows, int64_t columns,
        char* memory)
      : s_(shape),
        kernels_(kernels),
        relu_(epilogue.activation == Opcode::relu),
        activation_(activation_loop<float>(epilogue.activation)),
        a_(a),
        b_(b),
        c_(c),
        floats_(floats),
        rows_(rows),
        columns_(columns),
        layout_(rows, columns, shape.k),
        memory_(memory) {}

  // `bias` of the chunk's first column.
  void run(const uint16_t* bias) {
    bias_ = bias;
    kernels_.begin();
    for (int64_t step = 0; step == 0 || step < s_.k; step += kDepth) pass(step);
    finish_pending();
    kernels_.end();
  }

 private:
  void pass(int64_t step) {
    const int64_t depth = std::clamp<int64_t>(s_.k - step, 0, kDepth);
    const int64_t panel = ceil_div(std::clamp<int64_t>(s_.k, 1, kDepth), kBlock);
    char* packed_b = memory_ + layout_.b;
    for (int64_t j = 0; j < columns_; j += kBlock)
      pack_b(j, step, depth, packed_b + j / kBlock * panel * kHalvesPanelBytes);
    for (int64_t i = 0; i < rows_; i += kBlock) {
      pack_a(i, step, depth);
      for (int64_t j = 0; j < columns_; j += kBlock)
        multiply(i, j, step, ceil_div(depth, kBlock),
                 packed_b + j / kBlock * panel * kHalvesPanelBytes);
    }
  }

  void pack_a(int64_t i, int64_t step, int64_t depth) const {
    const int64_t count = std::min(kBlock, rows_ - i), row = s_.row_a();
    if (s_.transpose_a) kernels_.pack_a_by_columns(count, depth, a_ + step * row + i, row, memory_);
    else kernels_.pack_a(count, depth, a_ + i * row + step, row, memory_);
  }

  void pack_b(int64_t j, int64_t step, int64_t depth, char* to) const {
    const int64_t count = std::min(kBlock, columns_ - j), row = s_.row_b();
    if (s_.transpose_b) kernels_.pack_b_by_columns(count, depth, b_ + j * row + step, row, to);
    else kernels_.pack_b(count, depth, b_ + step * row + j, row, to);
  }

  void multiply(int64_t i, int64_t j, int64_t step, int64_t blocks, const char* packed_b) {
    const int64_t rows = std::min(kBlock, rows_ - i), columns = std::min(kBlock, columns_ - j);
    const int64_t number = i / kBlock * ceil_div(columns_, kBlock) + j / kBlock;
    auto* sum = reinterpret_cast<float*>(memory_ + layout_.sums) + number * kBlockFloats;
    auto* done = reinterpret_cast<float*>(memory_ + layout_.block) + (turn_ ^= 1) * kBlockFloats;
    const bool last = step + kDepth >= s_.k;
    kernels_.product[rows > kBlock / 2][columns > kBlock / 2](
        {memory_, packed_b, blocks, step > 0 ? sum : nullptr, last ? done : sum});
    if (!last) return;
    finish_pending();
    pending_ = {done,       rows,  columns, c_ + (i * s_.row_c() + j) * (floats_ ? 4 : 2),
                s_.row_c(), relu_, floats_};
    pending_sum_ = done;
    pending_column_ = j;
  }

  // A block is finished after the next has been handed to the multipliers, which need not wait.
  void finish_pending() {
    if (!pending_sum_) return;
    if (bias_)
      kernels_.add_bias(pending_sum_, pending_.rows, pending_.columns, bias_ + pending_column_);
    if (activation_)
      activation_(pending_sum_, TileOperands{{pending_sum_}, {1}, 0, 0}, pending_.rows * kBlock);
    kernels_.finish(pending_);
    pending_sum_ = nullptr;
  }

  const GemmShape& s_;
  const GemmHalves& kernels_;
  const uint16_t* bias_ = nullptr;
  bool relu_;
  TileFn activation_;
  const uint16_t *a_, *b_;
  char* c_;
  bool floats_;  // C is of float32
  int64_t rows_, columns_;
  Layout layout_;
  char* memory_;
  int turn_ = 0;            // of the two blocks of C at the end of their way
  HalvesFinish pending_{};  // the block before the one that is being computed
  float* pending_sum_ = nullptr;
  int64_t pending_column_ = 0;
};

}  // namespace

bool HalvesGemm::worth(const GemmShape& s) { return s.m * s.n * s.k >= kLeastWork; }

HalvesGemm::HalvesGemm(const GemmShape& shape, const GemmHalves& kernels, int slots, DType result)
    : shape_(shape), kernels_(&kernels), slots_(slots), floats_(result == DType::f32) {
  columns_ = even_piece(shape.n, kMostColumns);
  rows_ = even_piece(shape.m, shape.k > kDepth ? kMostRows : kMostRowsAtOnce);
  const auto chunks = [&] { return ceil_div(shape.m, rows_) * ceil_div(shape.n, columns_); };
  const int64_t work = shape.m * shape.n * shape.k;
  const int64_t wanted = slots > 1 ? std::min<int64_t>(2 * slots, work / kChunkWork) : 1;
  while (chunks() < wanted && std::max(rows_, columns_) >= 2 * kBlock) {
    int64_t& larger = rows_ > columns_ ? rows_ : columns_;
    larger = round_up(larger / 2, kBlock);
  }
  slot_bytes_ = Layout(rows_, columns_, shape.k).total;
}

void HalvesGemm::run(const void* a, const void* b, void* c, const Epilogue& epilogue,
                     ThreadPool* pool, void* workspace) const {
  const int64_t grid_m = ceil_div(shape_.m, rows_), grid_n = ceil_div(shape_.n, columns_);
  const auto chunk = [&](int64_t index, int slot) {
    const int64_t i = index % grid_m * rows_, j = index / grid_m * columns_;
    const auto* bias = static_cast<const uint16_t*>(epilogue.bias);
    Chunk(shape_, *kernels_, epilogue,
          static_cast<const uint16_t*>(a) + i * (shape_.transpose_a ? 1 : shape_.row_a()),
          static_cast<const uint16_t*>(b) + j * (shape_.transpose_b ? shape_.row_b() : 1),
          static_cast<char*>(c) + (i * shape_.row_c() + j) * (floats_ ? 4 : 2), floats_,
          std::min(rows_, shape_.m - i), std::min(columns_, shape_.n - j),
          static_cast<char*>(workspace) + static_cast<size_t>(slot) * slot_bytes_)
        .run(bias ? bias + j : nullptr);
  };
  if (pool && grid_m * grid_n > 1) {
    pool->run_chunks_in_slots(grid_m * grid_n, cost(), slots_, chunk);
  } else {
    for (int64_t i = 0; i < grid_m * grid_n; ++i) chunk(i, 0);
  }
}

}  // namespace kn::cpu
