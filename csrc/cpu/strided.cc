#include "cpu/strided.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "cpu/isa/isa.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr Dim kColumns = 64;        // of a tile that threads share
constexpr Dim kBytes = 256 * 1024;  // of a row that threads share
constexpr Dim kShortLine = 8;       // elements: swap loops rather than start so short a one
constexpr double kNanosecondsPerRowByte = 0.1;
constexpr double kNanosecondsPerElement = 0.7;

struct Wide {
  uint64_t low, high;
};

void drop_single(std::vector<StridedAxis>& axes) {
  std::erase_if(axes, [](const StridedAxis& a) { return a.count == 1; });
}

// Joins neighbouring loops that step on as one.
void merge(std::vector<StridedAxis>& axes, bool by_source) {
  std::vector<StridedAxis> merged;
  for (const StridedAxis& a : axes) {
    if (!merged.empty() && merged.back().to == a.to * a.count &&
        (!by_source || merged.back().from == a.from * a.count))
      merged.back() = {merged.back().count * a.count, a.from, a.to};
    else merged.push_back(a);
  }
  axes = std::move(merged);
}

// Short contiguous rows become elements of 2 to 16 bytes.
size_t widen(std::vector<StridedAxis>& axes, size_t width) {
  if (axes.size() < 2 || axes.back().from != 1 || axes.back().to != 1) return width;
  const Dim count = axes.back().count;
  const size_t wide = width * static_cast<size_t>(count);
  const bool fits = wide == 2 || wide == 4 || wide == 8 || wide == 16;
  for (size_t i = 0; fits && i + 1 < axes.size(); ++i)
    if (axes[i].from % count != 0 || axes[i].to % count != 0) return width;
  if (!fits) return width;
  axes.pop_back();
  for (StridedAxis& a : axes) a.from /= count, a.to /= count;
  return wide;
}

template <class T>
void copy_line(const void* source, Dim s, void* target, Dim t, Dim n) {
  const T* from = static_cast<const T*>(source);
  T* to = static_cast<T*>(target);
  if (s == 0 && t == 1) {
    const T value = *from;
    for (Dim i = 0; i < n; ++i) to[i] = value;
  } else if (s == -1 && t == 1) {
    for (Dim i = 0; i < n; ++i) to[i] = from[-i];
  } else if (s == 2 && t == 1) {
    for (Dim i = 0; i < n; ++i) to[i] = from[2 * i];
  } else {
    for (Dim i = 0; i < n; ++i) to[i * t] = from[i * s];
  }
}

// Tiles of elements that no vector shuffle is written for.
template <class T>
void transpose(const void* source, Dim s, void* target, Dim t, Dim rows, Dim columns) {
  constexpr Dim kRows = 16;
  const T* from = static_cast<const T*>(source);
  T* to = static_cast<T*>(target);
  for (Dim i = 0; i < rows; i += kRows) {
    const Dim end = std::min(rows, i + kRows);
    for (Dim j = 0; j < columns; ++j)
      for (Dim k = i; k < end; ++k) to[j * t + k] = from[k * s + j];
  }
}

void copy_short(const char* from, char* to, size_t n) {
  if (n >= 16) {
    Wide block;
    for (size_t i = 0; i + 16 <= n; i += 16) {
      std::memcpy(&block, from + i, 16);
      std::memcpy(to + i, &block, 16);
    }
    std::memcpy(&block, from + n - 16, 16);
    std::memcpy(to + n - 16, &block, 16);
  } else if (n >= 8) {
    uint64_t first, last;
    std::memcpy(&first, from, 8);
    std::memcpy(&last, from + n - 8, 8);
    std::memcpy(to, &first, 8);
    std::memcpy(to + n - 8, &last, 8);
  } else {
    for (size_t i = 0; i < n; ++i) to[i] = from[i];
  }
}

}  // namespace

StridedCopy::StridedCopy(std::vector<StridedAxis> axes, size_t element_bytes)
    : loops_(&table().movement) {
  for (const StridedAxis& a : axes)
    if (a.count == 0) return;
  drop_single(axes);
  std::stable_sort(axes.begin(), axes.end(), [](const StridedAxis& a, const StridedAxis& b) {
    return std::abs(a.to) > std::abs(b.to);
  });
  merge(axes, true);
  width_ = static_cast<Dim>(widen(axes, element_bytes));
  outer_ = std::move(axes);
  choose_kind();
  for (StridedAxis& a : outer_) {
    lines_ *= a.count;
    a.from *= width_;
    a.to *= width_;
  }
}

void StridedCopy::choose_kind() {
  if (!outer_.empty()) {
    inner_ = outer_.back();
    outer_.pop_back();
  }
  if (inner_.from == 1 && inner_.to == 1) {
    kind_ = Kind::rows;
    length_ = inner_.count * width_;
    return;
  }
  const auto column =
      std::find_if(outer_.begin(), outer_.end(), [](const StridedAxis& a) { return a.from == 1; });
  if (inner_.to == 1 && column != outer_.end()) {
    kind_ = Kind::tiles;
    length_ = column->count;
    column_to_ = column->to;
    outer_.erase(column);
    return;
  }
  kind_ = Kind::lines;
  if (!outer_.empty() && inner_.count < kShortLine && outer_.back().count > inner_.count)
    std::swap(inner_, outer_.back());
  length_ = inner_.count;
}

Dim StridedCopy::offset(Dim line, bool source) const {
  Dim bytes = 0;
  for (size_t i = outer_.size(); i-- > 0;) {
    const StridedAxis& a = outer_[i];
    bytes += line % a.count * (source ? a.from : a.to);
    line /= a.count;
  }
  return bytes;
}

void StridedCopy::copy_part(const char* from, char* to, Dim begin, Dim end) const {
  const Dim n = end - begin;
  if (kind_ == Kind::rows) {
    std::memcpy(to + begin, from + begin, static_cast<size_t>(n));
  } else if (kind_ == Kind::tiles) {
    from += begin * width_;
    to += begin * column_to_ * width_;
    const Dim rows = inner_.count;
    switch (width_) {
      case 1: return transpose<uint8_t>(from, inner_.from, to, column_to_, rows, n);
      case 2: return transpose<uint16_t>(from, inner_.from, to, column_to_, rows, n);
      case 4: return loops_->transpose_4(from, inner_.from, to, column_to_, rows, n);
      case 8: return loops_->transpose_8(from, inner_.from, to, column_to_, rows, n);
      default: return transpose<Wide>(from, inner_.from, to, column_to_, rows, n);
    }
  } else {
    from += begin * inner_.from * width_;
    to += begin * inner_.to * width_;
    switch (width_) {
      case 1: return copy_line<uint8_t>(from, inner_.from, to, inner_.to, n);
      case 2: return copy_line<uint16_t>(from, inner_.from, to, inner_.to, n);
      case 4: return copy_line<uint32_t>(from, inner_.from, to, inner_.to, n);
      case 8: return copy_line<uint64_t>(from, inner_.from, to, inner_.to, n);
      default: return copy_line<Wide>(from, inner_.from, to, inner_.to, n);
    }
  }
}

void StridedCopy::copy_run(const char* from, char* to, Dim lines, const StridedAxis& along) const {
  if (kind_ == Kind::rows && length_ <= 64) {
    for (Dim i = 0; i < lines; ++i)
      copy_short(from + i * along.from, to + i * along.to, static_cast<size_t>(length_));
  } else {
    for (Dim i = 0; i < lines; ++i) copy_part(from + i * along.from, to + i * along.to, 0, length_);
  }
}

void StridedCopy::run(const void* source, void* target, ThreadPool* pool) const {
  if (kind_ == Kind::nothing) return;
  const char* from = static_cast<const char*>(source);
  char* to = static_cast<char*>(target);
  const bool rows = kind_ == Kind::rows;
  const Dim size = kind_ == Kind::tiles ? length_ * inner_.count : length_;
  const auto line_cost = std::max<int64_t>(
      1, static_cast<int64_t>(static_cast<double>(size) *
                              (rows ? kNanosecondsPerRowByte : kNanosecondsPerElement)));
  // Long lines are shared between threads in parts, short ones in runs.
  const Dim part = rows ? kBytes : kind_ == Kind::tiles ? kColumns : kBytes / width_;
  const Dim parts = (length_ + part - 1) / part;
  if (parts > 1) {
    pool->parallel_for(lines_ * parts, 1, lines_ * line_cost, [&](Dim begin, Dim end) {
      for (Dim i = begin; i < end; ++i) {
        const Dim line = i / parts, first = i % parts * part;
        copy_part(from + offset(line, true), to + offset(line, false), first,
                  std::min(length_, first + part));
      }
    });
    return;
  }
  const StridedAxis along = outer_.empty() ? StridedAxis{1, 0, 0} : outer_.back();
  const Dim grain = std::max<Dim>(1, 10'000 / line_cost);
  pool->parallel_for(lines_, grain, lines_ * line_cost, [&](Dim begin, Dim end) {
    while (begin < end) {
      const Dim run = std::min(end - begin, along.count - begin % along.count);
      copy_run(from + offset(begin, true), to + offset(begin, false), run, along);
      begin += run;
    }
  });
}

template <class T>
StridedSum<T>::StridedSum(std::vector<StridedAxis> axes, Dim targets)
    : targets_(targets), loops_(&table().movement) {
  drop_single(axes);
  merge(axes, false);
  if (!axes.empty()) {
    inner_ = axes.back();
    axes.pop_back();
  }
  for (const StridedAxis& a : axes) lines_ *= a.count;
  outer_ = std::move(axes);
}

namespace {

void add(const MovementTable& loops, const float* from, float* to, Dim n) {
  loops.add_f32(from, to, n);
}
void add(const MovementTable& loops, const double* from, double* to, Dim n) {
  loops.add_f64(from, to, n);
}
template <class T>
void add(const MovementTable&, const T* from, T* to, Dim n) {
  for (Dim i = 0; i < n; ++i) to[i] = static_cast<T>(to[i] + from[i]);
}

}  // namespace

template <class T>
void StridedSum<T>::sum_lines(const T* from, T* to, Dim begin, Dim end) const {
  const StridedAxis along = outer_.empty() ? StridedAxis{1, 0, 0} : outer_.back();
  while (begin < end) {
    T* target = to;
    Dim rest = begin;
    for (size_t i = outer_.size(); i-- > 0;) {
      target += rest % outer_[i].count * outer_[i].to;
      rest /= outer_[i].count;
    }
    const Dim run = std::min(end - begin, along.count - begin % along.count);
    const T* x = from + begin * inner_.count;
    for (Dim line = 0; line < run; ++line, x += inner_.count, target += along.to) {
      if (inner_.to == 1) {
        add(*loops_, x, target, inner_.count);
      } else if (inner_.to == 0) {
        T sum = *target;
        for (Dim i = 0; i < inner_.count; ++i) sum = static_cast<T>(sum + x[i]);
        *target = sum;
      } else {
        for (Dim i = 0; i < inner_.count; ++i)
          target[i * inner_.to] = static_cast<T>(target[i * inner_.to] + x[i]);
      }
    }
    begin += run;
  }
}

// Threads share the outermost loop where its targets differ.
template <class T>
void StridedSum<T>::run(const T* from, T* to, ThreadPool* pool) const {
  std::fill(to, to + targets_, T{});
  const Dim shared = !outer_.empty() && outer_[0].to != 0 ? outer_[0].count : 1;
  const Dim lines = lines_ / std::max<Dim>(shared, 1);
  if (lines_ == 0 || inner_.count == 0) return;
  const auto cost =
      static_cast<int64_t>(static_cast<double>(lines_ * inner_.count) * kNanosecondsPerElement);
  pool->parallel_for(shared, std::max<Dim>(1, shared / 16), cost,
                     [&](Dim begin, Dim end) { sum_lines(from, to, begin * lines, end * lines); });
}

template class StridedSum<float>;
template class StridedSum<double>;
template class StridedSum<int32_t>;
template class StridedSum<int64_t>;
template class StridedSum<uint8_t>;

}  // namespace kn::cpu
