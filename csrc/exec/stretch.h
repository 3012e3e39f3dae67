// A stretch of batches on a device with queues. Nobody waits between one batch and the next: rows
// are taken on the device, from a data set that lies there or from batches that are sent ahead
// through two buffers; losses and metrics are kept there until someone reads them; and all of it is
// one recorded step.
#pragma once

#include "exec/arena.h"
#include "runtime/float_mode.h"

namespace kn {

struct StretchFeed {
  // The first inputs of the plan are cut into batches, the others are fed once, whole.
  size_t cut = 0;
  std::span<const void* const> constants;
  int64_t batch_size = 0;
  // Where the whole data set lies on the device: an array per input that is cut; and there, too,
  // the order of its rows or nullptr. Empty: batches are sent.
  std::span<const void* const> arrays;
  const int64_t* order = nullptr;
};

class RunnablePlan::Stretch {
 public:
  // From batch `first` on, which is step `step`. Totals go on from `sums`, one per output, where
  // outputs are scalars.
  Stretch(const RunnablePlan& plan, const StretchFeed& feed, uint64_t step, int64_t first,
          std::span<const double> sums);
  ~Stretch();
  Stretch(const Stretch&) = delete;
  Stretch& operator=(const Stretch&) = delete;

  // Where batches are sent: room for the next one, the inputs one after the other at these offsets.
  char* stage();
  size_t offset(size_t input) const { return offsets_[input]; }

  // Queues the next batch. Outputs that are no scalars go to `outputs`, where any are given.
  void run(ThreadPool& pool, std::span<void* const> outputs = {});
  // Waits for all of it. Throws ValueError for an index outside its axis.
  void wait();
  // What is kept of the batches: wait() comes after it.
  void read_totals(std::span<double> last, std::span<double> sums);

 private:
  void set_up_ring();
  void queue_batch(const RunArgs& args);

  const RunnablePlan& plan_;
  const StretchFeed& feed_;
  std::unique_ptr<Arena> arena_;
  FlushSubnormals mode_;
  int64_t batch_;
  size_t pending_ = 0;  // bytes of outputs on their way back; not 0 until someone has waited
  size_t slot_bytes_ = 0;
  std::vector<size_t> offsets_;  // of the inputs within a batch that is sent
  std::vector<RowSource> sources_;
  std::vector<ScalarAt> values_;  // outputs, where they are scalars
  RowChoice choice_;
  double weight_ = 0;  // rows of a batch
};

}  // namespace kn
