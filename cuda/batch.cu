// The rows of a batch out of a data set that lies on the device, or out of the ring of batches that
// were sent there; what is kept of a batch when it is done. The number of the batch lies in device
// memory, so that both are part of a recorded step.
#include "batch.h"

#include <algorithm>

#include "each.h"

namespace kn::cuda {

namespace {

constexpr int kMostSources = 8;
constexpr int kMostValues = 64;

struct RowTask {
  const Control* control;
  RowChoice choice;
  int sources;
  RowSource source[kMostSources];
  int unit[kMostSources];       // bytes that are moved at once
  int64_t units[kMostSources];  // of a row
  int64_t end[kMostSources];    // units of all rows, of the sources up to this one

  template <class Unit>
  __device__ void move(const char* from, char* to) const {
    *reinterpret_cast<Unit*>(to) = *reinterpret_cast<const Unit*>(from);
  }

  __device__ void operator()(int64_t e) const {
    int s = 0;
    while (e >= end[s]) ++s;
    if (s > 0) e -= end[s - 1];
    const int64_t i = e / units[s], within = e % units[s], batch = control->batch;
    int64_t row = i, skipped = 0;
    if (choice.ring) skipped = batch % choice.ring * static_cast<int64_t>(choice.ring_bytes);
    else row = batch * choice.stride + i;
    if (choice.order) row = choice.order[row];
    const auto row_bytes = static_cast<int64_t>(source[s].row_bytes);
    const char* from = static_cast<const char*>(source[s].from) + skipped + row * row_bytes;
    char* to = static_cast<char*>(source[s].to) + i * row_bytes;
    switch (unit[s]) {
      case 16: move<float4>(from + within * 16, to + within * 16); break;
      case 8: move<uint64_t>(from + within * 8, to + within * 8); break;
      case 4: move<uint32_t>(from + within * 4, to + within * 4); break;
      case 2: move<uint16_t>(from + within * 2, to + within * 2); break;
      default: move<uint8_t>(from + within, to + within); break;
    }
  }
};

// The most bytes that rows can be moved by: sources and targets begin at multiples of 16.
int unit_of(size_t row_bytes) {
  for (int unit : {16, 8, 4, 2})
    if (row_bytes % static_cast<size_t>(unit) == 0) return unit;
  return 1;
}

struct CloseTask {
  Control* control;
  double* totals;
  double weight;
  int first, count, all;  // values of this launch, of all
  bool last_launch;
  ScalarAt value[kMostValues];

  __device__ double number(const ScalarAt& s) const {
    switch (s.dtype) {
      case DType::f32: return *static_cast<const float*>(s.at);
      case DType::f64: return *static_cast<const double*>(s.at);
      case DType::i32: return *static_cast<const int32_t*>(s.at);
      case DType::i64: return static_cast<double>(*static_cast<const int64_t*>(s.at));
      default: return *static_cast<const uint8_t*>(s.at);
    }
  }

  // A thread per value; one more for the counters, which no value depends on.
  __device__ void operator()(int64_t i) const {
    if (i < count) {
      const double now = number(value[i]);
      totals[first + i] = now;
      totals[all + first + i] += now * weight;
    } else if (last_launch) {
      ++control->step;
      ++control->batch;
    }
  }
};

}  // namespace

void take_rows(const StreamQueue& queue, std::span<const RowSource> sources,
               const RowChoice& choice) {
  for (size_t first = 0; first < sources.size(); first += kMostSources) {
    RowTask task{queue.control, choice, 0, {}, {}, {}, {}};
    int64_t end = 0;
    for (const RowSource& s :
         sources.subspan(first, std::min<size_t>(kMostSources, sources.size() - first))) {
      if (s.row_bytes == 0) continue;
      const int at = task.sources++;
      task.source[at] = s;
      task.unit[at] = unit_of(s.row_bytes);
      task.units[at] = static_cast<int64_t>(s.row_bytes) / task.unit[at];
      task.end[at] = end += choice.count * task.units[at];
    }
    each(queue.stream, end, task);
  }
}

void close_batch(const StreamQueue& queue, std::span<const ScalarAt> values, double weight,
                 double* totals) {
  const int all = static_cast<int>(values.size());
  int first = 0;
  do {
    CloseTask task{queue.control, totals, weight, first, std::min(all - first, kMostValues),
                   all,           false,  {}};
    std::copy_n(values.begin() + first, task.count, task.value);
    first += task.count;
    task.last_launch = first == all;
    each(queue.stream, task.count + 1, task);
  } while (first < all);
}

}  // namespace kn::cuda
