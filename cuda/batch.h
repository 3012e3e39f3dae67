// What a stretch of batches needs besides its steps (runtime/queue.h).
#pragma once

#include <span>

#include "stream_queue.h"

namespace kn::cuda {

void take_rows(const StreamQueue& queue, std::span<const RowSource> sources,
               const RowChoice& choice);
void close_batch(const StreamQueue& queue, std::span<const ScalarAt> values, double weight,
                 double* totals);

}  // namespace kn::cuda
