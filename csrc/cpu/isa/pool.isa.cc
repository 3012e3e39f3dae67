// A vector of channels at a time: what is known of a window stays in registers while its cells pass
// by.
#include "cpu/isa/pool.h"

#include "cpu/isa/kernel_table.h"
#include "cpu/isa/vec.h"

namespace kn::cpu {
namespace {

// A vector, or the `last` first lanes of one.
template <class T, bool partial>
struct Lanes {
  int last;
  KN_INLINE Vec<T> read(const T* p) const { return partial ? load_first(p, last) : load(p); }
  KN_INLINE void write(T* p, Vec<T> v) const {
    if (partial) store_first(p, v, last);
    else store(p, v);
  }
};

// The cells of one window at one vector of channels: x(t), and the matching places of g and dx.
template <class T>
struct Cells {
  const PoolLine& line;
  int64_t at;  // elements from the first window's first channel
  KN_INLINE const T* x(int64_t t) const { return static_cast<const T*>(line.cells[t]) + at; }
  KN_INLINE const T* g(int64_t t) const { return static_cast<const T*>(line.g[t]) + at; }
  KN_INLINE T* dx(int64_t t) const { return static_cast<T*>(line.dx[t]) + at; }
};

template <class T, bool partial>
KN_INLINE Vec<T> maximum(const Lanes<T, partial>& l, const Cells<T>& cells) {
  Vec<T> best = l.read(cells.x(0));
  for (int64_t t = 1; t < cells.line.count; ++t) {
    const Vec<T> x = l.read(cells.x(t));
    best = x > best ? x : best;
  }
  return best;
}

struct Max {
  template <class T, bool partial>
  KN_INLINE static void run(const Lanes<T, partial>& l, const Cells<T>& cells, int64_t y) {
    l.write(static_cast<T*>(cells.line.y) + y, maximum(l, cells));
  }
};

// A NaN is never larger and never equal: the first cell of its window gets what is left over.
struct MaxData {
  template <class T, bool partial>
  KN_INLINE static void run(const Lanes<T, partial>& l, const Cells<T>& cells, int64_t y) {
    const PoolLine& line = cells.line;
    const Vec<T> best = maximum(l, cells), zero{};
    Vec<T> left = l.read(static_cast<const T*>(line.dy) + y);
    if (line.relu) left = best > 0 ? left : zero;
    const auto hit0 = l.read(cells.x(0)) == best;
    Vec<T> first = hit0 ? left : zero;
    left = hit0 ? zero : left;
    for (int64_t t = 1; t < line.count; ++t) {
      const auto hit = l.read(cells.x(t)) == best;
      Vec<T> d = hit ? left : zero;
      left = hit ? zero : left;
      if (line.adds) d += l.read(cells.dx(t));
      l.write(cells.dx(t), d);
    }
    first += left;
    if (line.adds) first += l.read(cells.dx(0));
    l.write(cells.dx(0), first);
  }
};

struct MaxPick {
  template <class T, bool partial>
  KN_INLINE static void run(const Lanes<T, partial>& l, const Cells<T>& cells, int64_t y) {
    const Vec<T> best = maximum(l, cells);
    Vec<T> picked = l.read(cells.g(0));
    for (int64_t t = cells.line.count - 1; t >= 0; --t)
      picked = l.read(cells.x(t)) == best ? l.read(cells.g(t)) : picked;
    l.write(static_cast<T*>(cells.line.y) + y, picked);
  }
};

struct Average {
  template <class T, bool partial>
  KN_INLINE static void run(const Lanes<T, partial>& l, const Cells<T>& cells, int64_t y) {
    Vec<T> sum = l.read(cells.x(0));
    for (int64_t t = 1; t < cells.line.count; ++t) sum += l.read(cells.x(t));
    l.write(static_cast<T*>(cells.line.y) + y, sum / splat(static_cast<T>(cells.line.count)));
  }
};

struct AverageData {
  template <class T, bool partial>
  KN_INLINE static void run(const Lanes<T, partial>& l, const Cells<T>& cells, int64_t y) {
    const PoolLine& line = cells.line;
    const Vec<T> part =
        l.read(static_cast<const T*>(line.dy) + y) / splat(static_cast<T>(line.count));
    for (int64_t t = 0; t < line.count; ++t)
      l.write(cells.dx(t), line.adds ? part + l.read(cells.dx(t)) : part);
  }
};

template <class T, class Rule>
void over_line(const PoolLine& line) {
  const int64_t whole = line.channels / kLanes<T> * kLanes<T>;
  for (int64_t window = 0; window < line.windows; ++window) {
    const int64_t x = window * line.step, y = window * line.channels;
    for (int64_t c = 0; c < whole; c += kLanes<T>)
      Rule::run(Lanes<T, false>{0}, Cells<T>{line, x + c}, y + c);
    if (whole < line.channels)
      Rule::run(Lanes<T, true>{static_cast<int>(line.channels - whole)}, Cells<T>{line, x + whole},
                y + whole);
  }
}

template <class T>
PoolKernels<T> kernels() {
  return {over_line<T, Max>, over_line<T, MaxData>, over_line<T, MaxPick>, over_line<T, Average>,
          over_line<T, AverageData>};
}

}  // namespace

KN_FILL(pool) {
  table.pool.f32 = kernels<float>();
  table.pool.f64 = kernels<double>();
}

}  // namespace kn::cpu
