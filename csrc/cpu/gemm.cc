#include "cpu/gemm.h"

#include <algorithm>
#include <utility>

#include "cpu/gemm_block.h"
#include "cpu/isa/isa.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kChunkRows = 240, kChunkColumns = 1024;
constexpr int64_t kStreamedRows = 4096;              // of a chunk where A passes by only once
constexpr int64_t kPanelsBytes = 256 * 1024;         // of B in the second cache
constexpr int64_t kLowRows = 48;                     // need no packed B
constexpr int64_t kColumnsGuess = 256;               // of a chunk, before its depth is known
constexpr int64_t kMinRows = 24, kMinColumns = 64;   // cut no further for the sake of threads
constexpr int64_t kChunkWork = 256 * 1024;           // multiply-adds worth a thread's visit
constexpr int64_t kParts = 16, kPartWork = 2 << 20;  // of k: at most so many, of so many at least
constexpr int64_t kPartElements = 64 * 1024;         // of C, where k is cut
constexpr int64_t kLongDepthBytes = 4096, kHighRows = 960;
constexpr int64_t kDepthBytes = 1024;                // of a column of a panel of B
constexpr int64_t kAlign = 64;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

template <class T>
const GemmKernels<T>& kernels_of(const GemmTable& table) {
  if constexpr (sizeof(T) == 4) return table.f32;
  else return table.f64;
}

// Cycles, roughly, of the product turned around or not: the multiplications, and what it takes to
// bring the operands, and C where it is turned, into the form the tiles want.
double cycles(const GemmShape& s, bool swapped, int64_t lanes) {
  const int64_t m = swapped ? s.n : s.m, n = swapped ? s.m : s.n;
  const bool a_by_columns = swapped ? !s.transpose_b : s.transpose_a;
  const bool b_by_columns = swapped ? !s.transpose_a : s.transpose_b;
  const double k = static_cast<double>(s.k), per_element = 4.0 / static_cast<double>(lanes);
  const double rows = static_cast<double>(m), columns = static_cast<double>(n);
  double sum = rows * static_cast<double>(ceil_div(n, lanes)) * k / 2;
  const double visits_b = static_cast<double>(ceil_div(m, b_by_columns ? kHighRows : kChunkRows));
  const double visits_a = static_cast<double>(ceil_div(n, kColumnsGuess));
  if (b_by_columns) sum += per_element * k * columns * visits_b;
  else if (m > kLowRows) sum += per_element / 2 * k * columns * visits_b;
  if (a_by_columns) sum += per_element / 2 * k * rows * visits_a;
  if (swapped) sum += 1.5 * per_element * rows * columns;
  return sum;
}

// Extent of pieces of `total` that are at most `limit`, as equal as a multiple of `unit` allows.
int64_t even_piece(int64_t total, int64_t limit, int64_t unit) {
  const int64_t pieces = std::max<int64_t>(1, ceil_div(total, limit));
  return std::max(unit, round_up(ceil_div(total, pieces), unit));
}

GemmSplit split_of(const GemmShape& s, int64_t tile_rows, int64_t lanes, int slots) {
  GemmSplit g;
  g.swapped = !s.accumulate && cycles(s, true, lanes) < 0.97 * cycles(s, false, lanes);
  g.m = g.swapped ? s.n : s.m;
  g.n = g.swapped ? s.m : s.n;
  const int64_t work = g.m * g.n * s.k;
  const int64_t parts = std::min(kParts, work / kPartWork);
  g.inner = s.k;
  if (g.m * g.n <= kPartElements && s.k >= 16 * std::max(g.m, g.n) && parts > 1) {
    g.inner = even_piece(s.k, ceil_div(s.k, parts), 16);
    g.parts = ceil_div(s.k, g.inner);
  }
  const int64_t size = static_cast<int64_t>(size_of(s.dtype)), width = 2 * lanes;
  // Long passes where strips of A by rows pass by, or where B has to be turned around anyway.
  const bool a_by_rows = g.swapped ? s.transpose_b : !s.transpose_a;
  const bool b_by_rows = g.swapped ? s.transpose_a : !s.transpose_b;
  const bool high = a_by_rows && (g.m >= kGemmHighRows || !b_by_rows || g.n <= width);
  const int64_t depth = (high ? kLongDepthBytes : kDepthBytes) / size;
  const bool at_once = g.inner <= depth + depth / 4;
  g.depth = at_once ? std::max<int64_t>(g.inner, 1) : even_piece(g.inner, depth, lanes);
  const int64_t columns = std::clamp(kPanelsBytes / (g.depth * size), width, kChunkColumns);
  g.rows = even_piece(g.m, at_once ? kStreamedRows : high ? kHighRows : kChunkRows, tile_rows);
  g.columns = even_piece(g.n, columns, width);
  // More chunks for more threads. This does not change any element's sum.
  const int64_t wanted = slots > 1 ? std::min<int64_t>(2 * slots, work / kChunkWork) : 1;
  const auto chunks = [&] { return ceil_div(g.m, g.rows) * ceil_div(g.n, g.columns) * g.parts; };
  const auto cut_rows = [&](int64_t least) {
    while (chunks() < wanted && g.rows >= 2 * least) g.rows = even_piece(g.m, g.rows / 2, tile_rows);
  };
  cut_rows(kGemmHighRows);
  while (chunks() < wanted && g.columns >= 2 * kMinColumns)
    g.columns = even_piece(g.n, g.columns / 2, width);
  cut_rows(kMinRows);
  return g;
}

// The tile function of an activation of T's, nullptr for none.
template <class T>
TileFn activation_of(Opcode activation) {
  if (activation == Opcode::copy) return nullptr;
  const int op = static_cast<int>(activation), type = sizeof(T) == 8;
  const TileFn function = table().vec_math.op[op][type];
  return function ? function : table().elementwise.op[op][type];
}

// One run of a product over its grid of chunks.
template <class T>
class Product {
 public:
  Product(const GemmShape& shape, const GemmSplit& split, const GemmKernels<T>& kernels, int slots,
          const Epilogue& epilogue)
      : s_(shape), g_(split), kernels_(kernels),
        bias_(static_cast<const T*>(epilogue.bias)),
        relu_(epilogue.activation == Opcode::relu),
        activation_(relu_ ? nullptr : activation_of<T>(epilogue.activation)),
        grid_m_(ceil_div(g_.m, g_.rows)), grid_n_(ceil_div(g_.n, g_.columns)), slots_(slots) {
    set_operands(nullptr, nullptr);
    layout_ = layout_of(kernels, in_, g_.rows, g_.columns, g_.inner, g_.depth);
    slot_size_ = layout_.total;
    if (g_.swapped && g_.parts == 1)
      slot_size_ += round_up(g_.rows * g_.columns, kAlign / static_cast<int64_t>(sizeof(T)));
  }

  int64_t workspace_elements() const { return slots_ * slot_size_ + parts_elements(); }

  void run(const T* a, const T* b, T* c, ThreadPool* pool, T* workspace, int64_t cost) {
    set_operands(a, b);
    c_ = c;
    sums_ = workspace;
    slot_memory_ = workspace + parts_elements();
    const int64_t chunks = grid_m_ * grid_n_ * g_.parts;
    if (!pool || chunks == 1) {
      for (int64_t i = 0; i < chunks; ++i) chunk(i, 0);
    } else {
      pool->run_chunks_in_slots(chunks, cost, slots_,
                                [this](int64_t i, int slot) { chunk(i, slot); });
    }
    if (g_.parts > 1) add_parts();
  }

 private:
  void set_operands(const T* a, const T* b) {
    const int64_t lda = s_.row_a(), ldb = s_.row_b();
    const int64_t a_row = s_.transpose_a ? 1 : lda, a_step = s_.transpose_a ? lda : 1;
    const int64_t b_step = s_.transpose_b ? 1 : ldb, b_column = s_.transpose_b ? ldb : 1;
    if (g_.swapped) in_ = {b, b_column, b_step, a, a_step, a_row};
    else in_ = {a, a_row, a_step, b, b_step, b_column};
  }

  int64_t parts_elements() const {
    return g_.parts > 1 ? round_up(g_.parts * g_.m * g_.n, kAlign / sizeof(T)) : 0;
  }

  void chunk(int64_t index, int slot) {
    const int64_t i = index % grid_m_ * g_.rows;
    const int64_t j = index / grid_m_ % grid_n_ * g_.columns;
    const int64_t part = index / (grid_m_ * grid_n_), step = part * g_.inner;
    T* memory = slot_memory_ + slot * slot_size_;
    GemmBlock<T> block;
    block.in = in_;
    block.in.a += i * in_.a_row + step * in_.a_step;
    block.in.b += step * in_.b_step + j * in_.b_column;
    block.rows = std::min(g_.rows, g_.m - i);
    block.columns = std::min(g_.columns, g_.n - j);
    block.k = std::min(g_.inner, s_.k - step);
    block.scratch = memory;
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
      block.c = memory + layout_.total;
      block.c_row = block.columns;
    }
    compute_block(kernels_, layout_, block);
    if (direct) activate(block.c, block.rows, block.columns);
    if (g_.swapped && g_.parts == 1) turn(block.c, block.c_row, i, block.rows, j, block.columns);
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

  void add_parts() {
    const int64_t size = g_.m * g_.n;
    for (int64_t p = 1; p < g_.parts; ++p) kernels_.add(size, sums_ + p * size, sums_);
    if (g_.swapped) return turn(sums_, g_.n, 0, g_.m, 0, g_.n);
    for (int64_t i = 0; i < g_.m; ++i) {
      T* c = c_ + i * s_.row_c();
      if (!s_.accumulate) std::fill_n(c, g_.n, T{});
      kernels_.add(g_.n, sums_ + i * g_.n, c);
    }
    kernels_.finish(g_.m, g_.n, c_, s_.row_c(), bias_, relu_);
    activate(c_, g_.m, g_.n);
  }

  const GemmShape& s_;
  const GemmSplit& g_;
  const GemmKernels<T>& kernels_;
  const T* bias_;
  bool relu_;
  TileFn activation_;
  int64_t grid_m_, grid_n_;
  GemmLayout layout_;
  int64_t slot_size_;  // elements of a thread's memory: the layout's and a piece to turn around
  int slots_;
  GemmOperands<T> in_{};
  T* c_ = nullptr;
  T* sums_ = nullptr;
  T* slot_memory_ = nullptr;
};

}  // namespace

bool parse_activation(std::string_view name, Opcode& activation) {
  constexpr std::pair<std::string_view, Opcode> known[] = {
      {"", Opcode::copy},
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

Gemm::Gemm(const GemmShape& shape, int slots) : shape_(shape), table_(&table().gemm), slots_(slots) {
  const bool f64 = shape.dtype == DType::f64;
  split_ = f64 ? split_of(shape, table_->f64.rows, table_->f64.lanes, slots)
               : split_of(shape, table_->f32.rows, table_->f32.lanes, slots);
}

size_t Gemm::workspace_bytes() const {
  if (shape_.dtype == DType::f64)
    return sizeof(double) *
           Product<double>(shape_, split_, table_->f64, slots_, {}).workspace_elements();
  return sizeof(float) * Product<float>(shape_, split_, table_->f32, slots_, {}).workspace_elements();
}

int64_t Gemm::cost() const {
  return shape_.m * shape_.n * shape_.k / (shape_.dtype == DType::f64 ? 50 : 100);
}

void Gemm::run(const void* a, const void* b, void* c, const Epilogue& epilogue, ThreadPool* pool,
               void* workspace) const {
  const auto run_of = [&](auto element, const auto& kernels) {
    using T = decltype(element);
    Product<T>(shape_, split_, kernels, slots_, epilogue)
        .run(static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(c), pool,
             static_cast<T*>(workspace), cost());
  };
  if (shape_.dtype == DType::f64) run_of(double{}, table_->f64);
  else run_of(float{}, table_->f32);
}

}  // namespace kn::cpu
