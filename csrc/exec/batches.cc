#include "exec/batches.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>

#include "base/error.h"
#include "exec/prefetch.h"
#include "exec/profiler.h"
#include "exec/runnable_plan.h"
#include "exec/stretch.h"

namespace kn {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kStopInterval = std::chrono::milliseconds(50);
constexpr int kReadClockEvery = 16;

int64_t rows_of(const BatchJob& job) {
  if (job.arrays.empty()) fail<ValueError>("expected at least one input array to cut into batches");
  const ArrayRef& first = job.arrays[0];
  for (const ArrayRef& a : job.arrays) {
    if (a.type.shape.empty())
      fail<ValueError>("expected arrays with a batch axis; got a scalar of ",
                       name_of(a.type.dtype));
    if (a.type.shape[0] != first.type.shape[0])
      fail<ValueError>("expected all arrays to have the same number of samples; got ",
                       first.type.shape[0], " and ", a.type.shape[0]);
  }
  return first.type.shape[0];
}

void check(const BatchJob& job, int64_t rows) {
  if (job.batch_size < 1)
    fail<ValueError>("expected a batch size of 1 or more; got ", job.batch_size);
  const int64_t batches = (rows + job.batch_size - 1) / job.batch_size;
  if (job.first_batch < 0 || job.first_batch > job.last_batch || job.last_batch > batches)
    fail<ValueError>("expected batches within [0, ", batches, "); got [", job.first_batch, ", ",
                     job.last_batch, ")");
  if (!job.order) return;
  const int64_t end = std::min(job.last_batch * job.batch_size, rows);
  for (int64_t i = job.first_batch * job.batch_size; i < end; ++i)
    if (job.order[i] < 0 || job.order[i] >= rows)
      fail<ValueError>("expected row numbers within [0, ", rows, "); got ", job.order[i]);
}

// Plans for full batches and for a shorter last one, looked up once each.
class BatchPlans {
 public:
  BatchPlans(Executable& executable, const BatchJob& job) : executable_(executable), job_(job) {
    inputs_.assign(job.arrays.begin(), job.arrays.end());
    for (ArrayRef& a : inputs_) a.data = nullptr;  // one plan for all batches
    inputs_.insert(inputs_.end(), job.constants.begin(), job.constants.end());
  }
  const RunnablePlan& of(int64_t length) {
    if (length != length_) {
      for (size_t i = 0; i < job_.arrays.size(); ++i) inputs_[i].type.shape[0] = length;
      plan_ = executable_.plan_for(inputs_, job_.phase);
      length_ = length;
    }
    return *plan_;
  }

 private:
  Executable& executable_;
  const BatchJob& job_;
  std::vector<ArrayRef> inputs_;
  std::shared_ptr<const RunnablePlan> plan_;
  int64_t length_ = -1;
};

double as_double(const void* p, DType dtype) {
  return dispatch(dtype, [&](auto zero) {
    return static_cast<double>(*static_cast<const decltype(zero)*>(p));
  });
}

// Calls each(k, length, plan, inputs) for every batch until `stop` says so.
template <class F>
void for_each_batch(Executable& executable, const BatchJob& job, StopCheck stop, F&& each) {
  const int64_t rows = rows_of(job);
  check(job, rows);
  BatchPlans plans(executable, job);
  Prefetch feed(job, rows);
  std::vector<const void*> inputs(job.arrays.size() + job.constants.size());
  for (size_t i = 0; i < job.constants.size(); ++i)
    inputs[job.arrays.size() + i] = job.constants[i].data;
  auto asked = Clock::now();
  for (int64_t k = job.first_batch; k < job.last_batch; ++k) {
    const int64_t length = std::min(job.batch_size, rows - k * job.batch_size);
    const RunnablePlan& plan = plans.of(length);
    feed.take(k, inputs.data());
    each(k, length, plan, inputs);
    if ((k & (kReadClockEvery - 1)) != 0) continue;
    const auto now = Clock::now();
    if (now - asked < kStopInterval) continue;
    asked = now;
    if (stop()) return;
  }
}

// The rows of batch k, one input after the other, where they are sent to a device.
void gather(const BatchJob& job, int64_t k, int64_t length, const RunnablePlan::Stretch& stretch,
            char* to) {
  for (size_t a = 0; a < job.arrays.size(); ++a) {
    const ArrayRef& array = job.arrays[a];
    const size_t row = array.type.bytes() / static_cast<size_t>(array.type.shape[0]);
    const auto* from = static_cast<const char*>(array.data);
    char* place = to + stretch.offset(a);
    const int64_t first = k * job.batch_size;
    if (!job.order) {
      std::memcpy(place, from + row * first, row * length);
      continue;
    }
    for (int64_t i = 0; i < length; ++i)
      std::memcpy(place + row * i, from + row * job.order[first + i], row);
  }
}

// Whether batches run one after the other without anybody waiting for them.
bool runs_in_stretches(const Executable& executable) {
  return executable.device().queued() && !Profiler::active();
}

// Runs the job in stretches: as long as one plan serves, and no longer than until it is time to ask
// `stop`. `outputs(k, plan)`: where the rows of batch k go.
template <class Outputs>
void run_stretches(Executable& executable, const BatchJob& job, StopCheck stop,
                   BatchResults& results, Outputs&& outputs) {
  const int64_t rows = rows_of(job);
  check(job, rows);
  BatchPlans plans(executable, job);
  std::vector<const void*> constants;
  for (const ArrayRef& c : job.constants) constants.push_back(c.data);
  StretchFeed feed{job.arrays.size(), constants, job.batch_size, {}, nullptr};
  std::unique_lock<std::mutex> data_in_use;
  if (job.data) {
    if (&job.data->device() != &executable.device() || !job.data->is_of(job.arrays))
      fail<ValueError>("expected the arrays that were put on ", executable.device().name());
    data_in_use = std::unique_lock<std::mutex>(job.data->in_use());
    feed.arrays = job.data->arrays();
    if (job.order)
      feed.order = job.data->place_order(job.order, job.first_batch * job.batch_size,
                                         std::min(job.last_batch * job.batch_size, rows));
  }
  const uint64_t step =
      executable.take_steps(static_cast<uint64_t>(job.last_batch - job.first_batch));
  const auto length_of = [&](int64_t k) {
    return std::min(job.batch_size, rows - k * job.batch_size);
  };
  for (int64_t k = job.first_batch; k < job.last_batch;) {
    const int64_t length = length_of(k);
    const RunnablePlan& plan = plans.of(length);
    plan.bring_variables();
    const StorageInUse hold;
    const int64_t first = k;
    RunnablePlan::Stretch stretch(plan, feed, step + static_cast<uint64_t>(k - job.first_batch), k,
                                  results.sums);
    const auto begun = Clock::now();
    do {
      if (!job.data) gather(job, k, length, stretch, stretch.stage());
      stretch.run(global_pool(), outputs(k, plan));
      ++k;
    } while (k < job.last_batch && length_of(k) == length && Clock::now() - begun < kStopInterval);
    stretch.read_totals(results.last, results.sums);
    results.samples += (k - first) * length;
    if (Clock::now() - begun >= kStopInterval && stop()) return;
  }
}

}  // namespace

BatchResults run_batches(Executable& executable, const BatchJob& job, StopCheck stop) {
  const std::vector<Value>& outputs = executable.graph().outputs;
  for (const Value& v : outputs)
    if (!v.shape().empty())
      fail<ValueError>("expected scalar outputs for a run of batches; got ", v.type());
  const size_t n = outputs.size();
  BatchResults results;
  results.last.assign(n, 0);
  results.sums.assign(n, 0);
  if (runs_in_stretches(executable)) {
    run_stretches(executable, job, stop, results,
                  [](int64_t, const RunnablePlan&) { return std::span<void* const>(); });
    return results;
  }
  std::vector<int64_t> cells(n);  // 8 bytes each: room for a scalar of any dtype
  std::vector<void*> places(n);
  for (size_t i = 0; i < n; ++i) places[i] = &cells[i];
  for_each_batch(
      executable, job, stop,
      [&](int64_t, int64_t length, const RunnablePlan& plan, std::span<const void* const> inputs) {
        executable.run(plan, inputs, places);
        for (size_t i = 0; i < n; ++i) {
          results.last[i] = as_double(places[i], outputs[i].dtype());
          results.sums[i] += results.last[i] * static_cast<double>(length);
        }
        results.samples += length;
      });
  return results;
}

std::vector<TensorType> row_outputs(Executable& executable, const BatchJob& job) {
  const int64_t rows = rows_of(job);
  BatchPlans plans(executable, job);
  const int64_t length = std::min(job.batch_size, rows);
  std::vector<TensorType> types = plans.of(length).plan().outputs;
  for (TensorType& t : types) {
    if (t.shape.empty() || t.shape[0] != length)
      fail<ValueError>("expected outputs with a leading batch axis of ", length, "; got ", t);
    t.shape[0] = rows;
  }
  return types;
}

void run_rows(Executable& executable, const BatchJob& job, std::span<void* const> outputs,
              StopCheck stop) {
  std::vector<void*> places(outputs.size());
  const auto place = [&](int64_t k, const RunnablePlan& plan) -> std::span<void* const> {
    for (size_t i = 0; i < places.size(); ++i) {
      const TensorType& t = plan.plan().outputs[i];
      const size_t row = t.bytes() / static_cast<size_t>(std::max<Dim>(t.shape[0], 1));
      places[i] = static_cast<char*>(outputs[i]) + row * static_cast<size_t>(k * job.batch_size);
    }
    return places;
  };
  if (runs_in_stretches(executable)) {
    BatchResults none;
    return run_stretches(executable, job, stop, none, place);
  }
  for_each_batch(
      executable, job, stop,
      [&](int64_t k, int64_t, const RunnablePlan& plan, std::span<const void* const> inputs) {
        executable.run(plan, inputs, place(k, plan));
      });
}

}  // namespace kn
