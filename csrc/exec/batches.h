// The run of batches that fit, evaluate and predict use: rows are gathered by a shuffled index (by
// a second thread, one batch ahead, where that pays), the steps follow each other without a look at
// the outside, and means are kept natively. A device with queues is never waited for between two
// batches (exec/stretch.h).
#pragma once

#include <span>
#include <vector>

#include "base/function_ref.h"
#include "exec/device_data.h"
#include "exec/executable.h"

namespace kn {

struct BatchJob {
  std::span<const ArrayRef> arrays;     // one per input that is cut into batches, equal lengths
  std::span<const ArrayRef> constants;  // for the inputs after those: fed whole to every batch
  int64_t batch_size = 0;
  int64_t first_batch = 0;
  int64_t last_batch = 0;          // not included
  const int64_t* order = nullptr;  // batch k takes rows order[k * batch_size …]; nullptr: in order
  Phase phase = Phase::input;
  DeviceData* data = nullptr;  // the arrays once more, where they lie on the device
};

struct BatchResults {
  std::vector<double> last;  // value of each output at the last batch
  std::vector<double> sums;  // of value times batch length
  int64_t samples = 0;
};

// Asked between batches, every 50 ms or so; true ends the run early.
using StopCheck = FunctionRef<bool()>;

// Outputs must be scalars. Throws ValueError for arrays of unequal length, batches beyond the end
// or an index out of range.
BatchResults run_batches(Executable& executable, const BatchJob& job, StopCheck stop);

// Types of the outputs for `rows` rows in all: their leading extent is that of the batch.
std::vector<TensorType> row_outputs(Executable& executable, const BatchJob& job);

// Writes the rows of each output to outputs[i] at the rows of its inputs. `order` is not used.
void run_rows(Executable& executable, const BatchJob& job, std::span<void* const> outputs,
              StopCheck stop);

}  // namespace kn
