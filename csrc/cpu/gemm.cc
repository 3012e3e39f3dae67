// How matrix products are put together.
//
// The innermost piece is a *tile* (isa/gemm.isa.cc): 12 rows x 2 vectors of C stay in registers
// while k goes by; each step loads one row of a panel of B and broadcasts one element of each row
// of A. It reaches 97% of the multipliers' peak as long as both operands come from the second
// cache, so everything around it only has to see that they do. C = A·B below means op(A)·op(B).
//
// *What needs packing.* A tile walks B's rows, so row-major B is in the right form already and is
// used as it lies where few rows of A pass over it (M up to four tiles, or a B that fits the first
// cache). Otherwise two vectors' width of it, a *panel*, is copied to dense memory: rows far apart
// share few lines of a cache and many pages. B by columns (transpose_b) is transposed into panels,
// square by square in registers. A is read in place by rows; by columns (transpose_a) it is copied
// to dense steps. Whole matrices are never copied.
//
// *Two nests of loops* (gemm_block.cc), for a chunk of C that one thread computes:
//  - High chunks: all of B's chunk is packed for a pass over part of k (256 KB), then strips of A,
//    four tiles high, go over its panels.
//  - Low chunks: B for the next pass is packed between the tiles of this one, a few rows at a time,
//    in a second buffer.
// Between passes C waits in dense memory. The third cache is far away (some 500 cycles) and only
// reads in sequence are quick there: while tiles run they fetch, at every other step of k and in
// the order of memory, what comes next: rows of B, the next strip of A, the strip of C that will be
// written. What does not stream, or streams faster than that, holds up the tiles.
//
// *Turned around.* C^T = B^T·A^T computes the same numbers, with the roles of the operands
// exchanged. It is taken where it saves more packing than turning C costs (dy·W^T with few rows of
// dy: pack dy instead of W), or fills vectors better (ten columns: take the thousand rows as
// columns).
//
// *Threads.* Chunks of C go to threads. Every element's sum runs over k in one order whatever the
// chunks are, so the number of threads may decide about them and never shows in a result. Where C
// is small and k very long (gradients of weights over many rows) k is cut into parts by size alone,
// and their sums are added in order.
//
// *Thirds.* Where the processor has tile multipliers of bfloat16, large float32 products are put
// together from those instead (gemm_thirds.cc; of few rows or few steps, gemm_stream.cc), at the
// accuracy of float32.
//
// *Vectors.* Products with one, or with a few columns, are sums along memory (vector_product.cc).
//
// *Epilogue.* Bias and relu happen in the tile's registers in the last pass; other activations run
// over a chunk that has just been finished.
#include "cpu/gemm.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/rounding.h"
#include "cpu/activation_loop.h"
#include "cpu/gemm_grid.h"
#include "cpu/isa/isa.h"
#include "cpu/vector_product.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kAddedElements = 32 * 1024;  // of parts that a thread adds at a time

// One run of a product over its grid of chunks.
template <class T>
class Product {
 public:
  Product(const GemmShape& shape, const GemmSplit& split, const GemmGrid& grid,
          const GemmTable& table, int slots, const Epilogue& epilogue)
      : s_(shape),
        g_(split),
        grid_(grid),
        kernels_(kernels_of<T>(table)),
        thirds_(table.thirds),
        bias_(static_cast<const T*>(epilogue.bias)),
        relu_(epilogue.activation == Opcode::relu),
        activation_(activation_loop<T>(epilogue.activation)),
        slots_(slots) {}

  void run(const T* a, const T* b, T* c, ThreadPool* pool, T* workspace, int64_t cost) {
    in_ = operands_of(s_, g_, a, b);
    c_ = c;
    sums_ = workspace;
    slot_memory_ = workspace + grid_.parts;
    if constexpr (sizeof(T) == sizeof(float))
      if (g_.streams && stream(pool, cost)) return;
    run_chunks(pool, cost, [this](int64_t i, int slot) { chunk(i, slot); });
    if (g_.parts == 1) return;
    if (!pool) return add_parts(0, g_.m);
    pool->parallel_for(g_.m, ceil_div(kAddedElements, g_.parts * g_.n), g_.parts * g_.m * g_.n / 4,
                       [this](int64_t from, int64_t until) { add_parts(from, until); });
  }

 private:
  void run_chunks(ThreadPool* pool, int64_t cost, FunctionRef<void(int64_t, int)> body) {
    const int64_t chunks = grid_.rows * grid_.columns * g_.parts;
    if (pool && chunks > 1) return pool->run_chunks_in_slots(chunks, cost, slots_, body);
    for (int64_t i = 0; i < chunks; ++i) body(i, 0);
  }

  // False where there is a NaN or an infinity in C, and all of it is to be computed by chunk().
  bool stream(ThreadPool* pool, int64_t cost) {
    const int64_t first = columns_before_line();
    std::atomic<bool> strange{false};
    run_chunks(pool, cost, [&](int64_t i, int slot) {
      if (stream_chunk(i, slot, first)) strange.store(true, std::memory_order_relaxed);
    });
    return !strange.load(std::memory_order_relaxed);
  }

  // Columns of C before a line of the cache begins in each of its rows; 0 where rows begin
  // anywhere.
  int64_t columns_before_line() const {
    constexpr int64_t line = kGemmAlign / static_cast<int64_t>(sizeof(T));
    return s_.row_c() % line == 0 ? elements_before_line(c_) : 0;
  }

  // Chunks next to each other share no line of C.
  bool stream_chunk(int64_t index, int slot, int64_t first) {
    const int64_t i = index % grid_.rows * g_.rows, number = index / grid_.rows;
    const int64_t j = number == 0 ? 0 : number * g_.columns + first;
    const int64_t end = number + 1 == grid_.columns ? g_.n : (number + 1) * g_.columns + first;
    GemmBlock<T> block = block_at(i, j, 0, slot);
    block.columns = std::min(end, g_.n) - j;
    if (block.columns <= 0) return false;
    block.c = c_ + i * s_.row_c() + j;
    block.c_row = s_.row_c();
    block.bias = bias_ ? bias_ + j : nullptr;
    block.relu = relu_;
    const bool strange = stream_block(*thirds_, grid_.stream, block, number == 0 ? first : 0);
    activate(block.c, block.rows, block.columns);
    return strange;
  }

  // The operands of the chunk at row i and column j of C.
  GemmBlock<T> block_at(int64_t i, int64_t j, int64_t step, int slot) const {
    GemmBlock<T> block{};
    block.in = in_;
    block.in.a += i * in_.a_row + step * in_.a_step;
    block.in.b += step * in_.b_step + j * in_.b_column;
    block.rows = std::min(g_.rows, g_.m - i);
    block.columns = std::min(g_.columns, g_.n - j);
    block.k = std::min(g_.inner, s_.k - step);
    block.scratch = slot_memory_ + slot * grid_.slot;
    return block;
  }

  // Where a chunk begins: row and column of C, part of k.
  struct Start {
    int64_t i = 0, j = 0, part = 0;
  };
  Start start_of(int64_t index) const {
    if (index == 0) return {};  // the only one of a small product, without divisions
    return {index % grid_.rows * g_.rows, index / grid_.rows % grid_.columns * g_.columns,
            index / (grid_.rows * grid_.columns)};
  }

  void chunk(int64_t index, int slot) {
    const auto [i, j, part] = start_of(index);
    GemmBlock<T> block = block_at(i, j, part * g_.inner, slot);
    const bool direct = !g_.swapped && g_.parts == 1;
    block.accumulate = direct && s_.accumulate;
    block.bias = direct && bias_ ? bias_ + j : nullptr;
    block.relu = direct && relu_;
    if (direct) {
      block.c = c_ + i * s_.row_c() + j;
      block.c_row = s_.row_c();
    } else if (g_.parts > 1) {
      block.c = sums_ + part * g_.m * g_.n + i * g_.n + j;
      block.c_row = g_.n;
    } else {
      block.c = block.scratch + grid_.plain.total + grid_.thirds.total;
      block.c_row = block.columns;
    }
    compute(block);
    if (direct) activate(block.c, block.rows, block.columns);
    if (g_.swapped && g_.parts == 1) turn(block.c, block.c_row, i, block.rows, j, block.columns);
  }

  void compute(const GemmBlock<T>& block) const {
    if constexpr (sizeof(T) == sizeof(float))
      if (g_.thirds) return compute_block_in_thirds(*thirds_, kernels_, grid_.thirds, block);
    compute_block(kernels_, grid_.plain, block);
  }

  // A piece of C through an activation that the tiles do not know.
  void activate(T* c, int64_t rows, int64_t columns) {
    if (!activation_) return;
    for (int64_t i = 0; i < rows; ++i, c += s_.row_c())
      activation_(c, TileOperands{{c}, {1}, 0, 0}, columns);
  }

  // Writes a piece of the transpose of C, at row i and column j of it, to its place.
  void turn(const T* from, int64_t from_row, int64_t i, int64_t rows, int64_t j, int64_t columns) {
    T* c = c_ + j * s_.row_c() + i;
    kernels_.transpose(rows, columns, from, from_row, c, s_.row_c());
    if (bias_ || relu_)
      kernels_.finish(columns, rows, c, s_.row_c(), bias_ ? bias_ + i : nullptr, relu_);
    activate(c, columns, rows);
  }

  // Rows [from, until) of the sum of all parts, to C.
  void add_parts(int64_t from, int64_t until) {
    const int64_t size = g_.m * g_.n, begin = from * g_.n, count = (until - from) * g_.n;
    T* sum = sums_ + begin;
    for (int64_t p = 1; p < g_.parts; ++p) kernels_.add(count, sum + p * size, sum);
    if (g_.swapped) return turn(sum, g_.n, from, until - from, 0, g_.n);
    for (int64_t i = from; i < until; ++i) {
      T* c = c_ + i * s_.row_c();
      if (!s_.accumulate) std::fill_n(c, g_.n, T{});
      kernels_.add(g_.n, sums_ + i * g_.n, c);
    }
    T* c = c_ + from * s_.row_c();
    kernels_.finish(until - from, g_.n, c, s_.row_c(), bias_, relu_);
    activate(c, until - from, g_.n);
  }

  const GemmShape& s_;
  const GemmSplit& g_;
  const GemmGrid& grid_;
  const GemmKernels<T>& kernels_;
  const GemmThirds* thirds_;
  const T* bias_;
  bool relu_;
  TileFn activation_;
  int slots_;
  GemmOperands<T> in_{};
  T* c_ = nullptr;
  T* sums_ = nullptr;
  T* slot_memory_ = nullptr;
};

int64_t cost_of(const GemmShape& s, const GemmSplit& g) {
  if (g.vector) return vector_cost(s);
  const int64_t per_nanosecond = s.dtype == DType::f64 ? 50 : g.thirds ? 200 : 100;
  return s.m * s.n * s.k / per_nanosecond;
}

}  // namespace

bool parse_activation(std::string_view name, Opcode& activation) {
  constexpr std::pair<std::string_view, Opcode> known[] = {{"", Opcode::copy},
                                                           {"relu", Opcode::relu},
                                                           {"sigmoid", Opcode::sigmoid},
                                                           {"hard_sigmoid", Opcode::hard_sigmoid},
                                                           {"tanh", Opcode::tanh},
                                                           {"softplus", Opcode::softplus},
                                                           {"softsign", Opcode::softsign},
                                                           {"selu", Opcode::selu},
                                                           {"exp", Opcode::exp}};
  for (const auto& [text, opcode] : known) {
    if (text != name) continue;
    activation = opcode;
    return true;
  }
  return false;
}

Gemm::Gemm(const GemmShape& shape) : Gemm(shape, global_pool().threads()) {}

Gemm Gemm::single_threaded(const GemmShape& shape) { return Gemm(shape, 1); }

Gemm::Gemm(const GemmShape& shape, int slots)
    : shape_(shape), table_(&table().gemm), slots_(slots) {
  split_ = split_gemm(shape, *table_, slots);
  cost_ = cost_of(shape, split_);
  if (split_.vector) return;
  grid_ = std::make_shared<const GemmGrid>(shape.dtype == DType::f64
                                               ? grid_of<double>(shape, split_, *table_)
                                               : grid_of<float>(shape, split_, *table_));
}

size_t Gemm::workspace_bytes() const {
  if (split_.vector) return vector_workspace_bytes(shape_);
  return size_of(shape_.dtype) * static_cast<size_t>(slots_ * grid_->slot + grid_->parts);
}

void Gemm::run(const void* a, const void* b, void* c, const Epilogue& epilogue, ThreadPool* pool,
               void* workspace) const {
  if (split_.vector) return run_vector_product(shape_, a, b, c, epilogue, pool, workspace);
  const auto run_of = [&](auto element) {
    using T = decltype(element);
    Product<T>(shape_, split_, *grid_, *table_, slots_, epilogue)
        .run(static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(c), pool,
             static_cast<T*>(workspace), cost_);
  };
  if (shape_.dtype == DType::f64) run_of(double{});
  else run_of(float{});
}

}  // namespace kn::cpu
