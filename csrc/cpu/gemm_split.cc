#include "cpu/gemm_split.h"

#include <algorithm>

#include "base/rounding.h"
#include "cpu/gemm_block.h"
#include "cpu/gemm_stream.h"
#include "cpu/isa/gemm_thirds.h"
#include "cpu/vector_product.h"

namespace kn::cpu {

namespace {

// How far chunks of C go. High ones take A in strips from far memory; the others keep their rows of
// A, or its columns, in the second cache for as long as a pass lasts.
constexpr int64_t kChunkRows = 240, kHighRows = 960;
constexpr int64_t kOnePassRows = 4096, kChunkColumns = 1024;
constexpr int64_t kPanelsBytes = 256 * 1024;  // of packed B in the second cache
// Bytes of a column of B that a pass takes: few where B is packed bit by bit for few rows of A.
constexpr int64_t kDepthBytes = 1024, kLongDepthBytes = 4096;
constexpr int64_t kLowRows = 48;        // for which B need not be packed
constexpr int64_t kColumnsGuess = 256;  // of a chunk, before its depth is known

// Threads: the least rows and columns worth a cut, the multiply-adds worth a thread's visit, and
// those from which on more chunks than threads even out the load.
constexpr int64_t kMinRows = 16, kMinColumns = 64;
constexpr int64_t kChunkWork = 256 * 1024, kManyChunksWork = 8 << 20;
constexpr int64_t kSharedBytes = 128 * 1024;  // of B that each thread may read for itself

// Parts of k: at most so many, of so many multiply-adds at least, where C has few elements.
constexpr int64_t kParts = 8, kPartWork = 2 << 20, kPartElements = 64 * 1024;

// In thirds: steps of a pass, few where it is half packing and should stay in the first cache; the
// extent of the operand that stays in the second cache, and the elements of a chunk of C, in
// several passes or in one.
constexpr int64_t kThirdsDepth = 256, kThirdsThinDepth = 64, kThirdsStill = 256;
constexpr int64_t kThirdsSums = 256 * 1024, kThirdsElements = 4 << 20;
// Splitting a float takes as long as ten of its products, and C takes its time to memory: what is
// worth that.
constexpr int64_t kThirdsLeast = 32, kThirdsLeastTurned = 48, kThirdsLeastWork = 1 << 20;
constexpr double kThirdsStart = 1000;  // cycles of a chunk
// Cycles of a row that ends amid C: two threads write to one line of the cache where C, or its
// rows, begin amid lines.
constexpr double kThirdsShared = 150;

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

// Parts of k: where C is small and k so long that threads find no other work.
void cut_inner(const GemmShape& s, int64_t unit, GemmSplit& g) {
  const int64_t parts = std::min(kParts, s.m * s.n * s.k / kPartWork);
  g.inner = s.k;
  if (s.m * s.n > kPartElements || s.k < 16 * std::max(s.m, s.n) || parts < 2) return;
  g.inner = even_piece(s.k, ceil_div(s.k, parts), unit);
  g.parts = ceil_div(s.k, g.inner);
}

// For tiles of tile_rows x 2 vectors of `lanes` elements.
GemmSplit split_plain(const GemmShape& s, int64_t tile_rows, int64_t lanes, int slots) {
  GemmSplit g;
  g.swapped = !s.accumulate && cycles(s, true, lanes) < 0.97 * cycles(s, false, lanes);
  g.m = g.swapped ? s.n : s.m;
  g.n = g.swapped ? s.m : s.n;
  const int64_t work = g.m * g.n * s.k;
  cut_inner(s, 16, g);
  const int64_t size = static_cast<int64_t>(size_of(s.dtype)), width = 2 * lanes;
  // Long passes where strips of A by rows pass by, or where B has to be turned around anyway.
  const bool a_by_rows = g.swapped ? s.transpose_b : !s.transpose_a;
  const bool b_by_rows = g.swapped ? s.transpose_a : !s.transpose_b;
  const bool high = g.m >= kGemmHighRows;
  const bool long_passes = a_by_rows && (high || !b_by_rows || g.n <= width);
  const int64_t depth = (long_passes ? kLongDepthBytes : kDepthBytes) / size;
  const bool at_once = g.inner <= depth + depth / 4;
  g.depth = at_once ? std::max<int64_t>(g.inner, 1) : even_piece(g.inner, depth, lanes);
  const int64_t columns = std::clamp(kPanelsBytes / (g.depth * size), width, kChunkColumns);
  g.rows = even_piece(g.m, at_once ? kOnePassRows : high ? kHighRows : kChunkRows, tile_rows);
  g.columns = even_piece(g.n, columns, width);
  // More chunks for more threads; this does not change any element's sum. Threads on either side of
  // a cut between rows share fewer cache lines of C, but each reads all of B.
  const int64_t spare = work < kManyChunksWork ? 1 : 2;
  const int64_t wanted = slots > 1 ? std::min<int64_t>(spare * slots, work / kChunkWork) : 1;
  const auto chunks = [&] { return ceil_div(g.m, g.rows) * ceil_div(g.n, g.columns) * g.parts; };
  const auto cut_rows = [&](int64_t least) {
    while (chunks() < wanted && g.rows >= 2 * least)
      g.rows = even_piece(g.m, g.rows / 2, g.rows < 8 * tile_rows ? 4 : tile_rows);
  };
  cut_rows(s.k * g.n * size <= kSharedBytes ? kMinRows : kGemmHighRows);
  while (chunks() < wanted && g.columns >= 2 * kMinColumns)
    g.columns = even_piece(g.n, g.columns / 2, width);
  cut_rows(kMinRows);
  return g;
}

// By the shape alone.
bool worth_thirds(const GemmShape& s) {
  if (std::min({s.m, s.n, s.k}) < kThirdsLeast || s.m * s.n * s.k < kThirdsLeastWork) return false;
  const bool turned = s.m < s.n ? s.transpose_b : s.transpose_a;
  return !turned || std::min(s.m, s.n) >= kThirdsLeastTurned;
}

// Whether fewer numbers are turned around, where tiles want A by rows and B by rows, when the
// transpose of C is computed: it has to be turned itself.
bool swaps_thirds(const GemmShape& s) {
  if (s.accumulate) return false;
  const int64_t a = s.m * s.k, b = s.n * s.k;
  const int64_t straight = (s.transpose_a ? a : 0) + (s.transpose_b ? b : 0);
  const int64_t swapped = (s.transpose_a ? 0 : a) + (s.transpose_b ? 0 : b) + s.m * s.n;
  return 2 * swapped < straight;
}

// Cycles, roughly, of a block of C in thirds: the multiplications, splitting both operands, and C.
double thirds_cycles(int64_t rows, int64_t columns, int64_t k) {
  const auto padded = [](int64_t n, int64_t unit) {
    return static_cast<double>(round_up(n, unit));
  };
  const double m = padded(rows, 16), n = padded(columns, 16), steps = padded(k, kThirdsBlock);
  return kThirdsStart + steps * (m * n / 65 + (m + n) * 0.3) + m * n * (0.25 + steps / 1000);
}

// Chunks in thirds: the cut of C that keeps the busiest thread for the shortest time.
GemmSplit split_thirds(const GemmShape& s, int slots) {
  GemmSplit g;
  g.thirds = true;
  g.swapped = swaps_thirds(s);
  g.m = g.swapped ? s.n : s.m;
  g.n = g.swapped ? s.m : s.n;
  cut_inner(s, kThirdsBlock, g);
  const bool thin = std::min(s.m, s.n) <= kThirdsBlock;
  const int64_t depth = thin ? kThirdsThinDepth : kThirdsDepth;
  const bool at_once = g.inner <= depth + depth / 4;
  g.depth = even_piece(g.inner, at_once ? g.inner : depth, kThirdsBlock);
  const int64_t elements = g.depth < g.inner ? kThirdsSums : kThirdsElements;
  double cycles = 0;
  const auto most = [&](int64_t total) {
    return std::min(ceil_div(total, kThirdsBlock), ceil_div(total, kThirdsStill) * 2 * slots);
  };
  for (int64_t i = 1; i <= most(g.m); ++i)
    for (int64_t j = 1; j <= most(g.n); ++j) {
      const int64_t rows = even_piece(g.m, ceil_div(g.m, i), kThirdsBlock);
      const int64_t columns = even_piece(g.n, ceil_div(g.n, j), kThirdsBlock);
      if (std::min(rows, columns) * g.depth > kThirdsStill * kThirdsDepth) continue;
      if (rows * columns > elements) continue;
      const int64_t chunks = ceil_div(g.m, rows) * ceil_div(g.n, columns) * g.parts;
      double one = thirds_cycles(std::min(rows, g.m), std::min(columns, g.n), g.inner);
      if (columns < g.n) one += kThirdsShared * static_cast<double>(std::min(rows, g.m));
      const double all = one * static_cast<double>(ceil_div(chunks, slots));
      if (cycles > 0 && all >= cycles) continue;
      cycles = all;
      g.rows = rows;
      g.columns = columns;
    }
  g.streams = !g.swapped && !s.transpose_b && !s.accumulate && g.parts == 1 &&
              worth_streaming(std::min(g.rows, g.m), s.k);
  return g;
}

}  // namespace

GemmSplit split_gemm(const GemmShape& s, const GemmTable& table, int slots) {
  if (vector_form(s) != VectorForm::none) {
    GemmSplit g;
    g.vector = true;
    return g;
  }
  if (s.dtype == DType::f64) return split_plain(s, table.f64.rows, table.f64.lanes, slots);
  if (table.thirds && worth_thirds(s)) return split_thirds(s, slots);
  return split_plain(s, table.f32.rows, table.f32.lanes, slots);
}

}  // namespace kn::cpu
