#include "exec/prefetch.h"

#include <algorithm>
#include <cstring>

namespace kn {

namespace {
constexpr size_t kWorthAThread = 64 << 10;  // bytes of a batch; below, copying takes a few µs
constexpr size_t kAlignment = 64;
}  // namespace

Prefetch::Prefetch(const BatchJob& job, int64_t rows) : job_(job), rows_(rows) {
  if (!job.order) return;
  size_t total = 0;
  for (const ArrayRef& a : job.arrays) {
    const size_t row = rows ? a.type.bytes() / static_cast<size_t>(rows) : 0;
    row_bytes_.push_back(row);
    offsets_.push_back(total);
    total += (row * job.batch_size + kAlignment - 1) / kAlignment * kAlignment;
  }
  const int64_t batches = job.last_batch - job.first_batch;
  threaded_ = total >= kWorthAThread && batches > 1 && global_pool().threads() > 1;
  buffers_[0].resize(total);
  ready_ = taken_ = job.first_batch - 1;
  if (!threaded_) return;
  buffers_[1].resize(total);
  thread_ = std::thread([this] { work(); });
}

Prefetch::~Prefetch() {
  if (!threaded_) return;
  {
    std::lock_guard<std::mutex> hold(lock_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Prefetch::gather(int64_t k, std::vector<unsigned char>& buffer) const {
  const int64_t* index = job_.order + k * job_.batch_size;
  const int64_t count = std::min(job_.batch_size, rows_ - k * job_.batch_size);
  for (size_t a = 0; a < row_bytes_.size(); ++a) {
    const size_t row = row_bytes_[a];
    const auto* src = static_cast<const unsigned char*>(job_.arrays[a].data);
    unsigned char* dst = buffer.data() + offsets_[a];
    for (int64_t i = 0; i < count; ++i) std::memcpy(dst + i * row, src + index[i] * row, row);
  }
}

void Prefetch::work() {
  for (int64_t k = job_.first_batch; k < job_.last_batch; ++k) {
    {
      // Buffer k % 2 is free once batch k - 1 was asked for: then k - 2 is done with.
      std::unique_lock<std::mutex> hold(lock_);
      changed_.wait(hold, [&] { return stop_ || taken_ >= k - 1; });
      if (stop_) return;
    }
    gather(k, buffers_[k & 1]);
    {
      std::lock_guard<std::mutex> hold(lock_);
      ready_ = k;
    }
    changed_.notify_all();
  }
}

void Prefetch::take(int64_t k, const void** inputs) {
  if (!job_.order) {
    for (size_t a = 0; a < job_.arrays.size(); ++a) {
      const ArrayRef& array = job_.arrays[a];
      const size_t row = array.type.bytes() / static_cast<size_t>(rows_);
      inputs[a] = static_cast<const unsigned char*>(array.data) + row * k * job_.batch_size;
    }
    return;
  }
  const std::vector<unsigned char>* buffer = &buffers_[0];
  if (threaded_) {
    std::unique_lock<std::mutex> hold(lock_);
    taken_ = k;
    changed_.notify_all();
    changed_.wait(hold, [&] { return ready_ >= k; });
    buffer = &buffers_[k & 1];
  } else {
    gather(k, buffers_[0]);
  }
  for (size_t a = 0; a < offsets_.size(); ++a) inputs[a] = buffer->data() + offsets_[a];
}

}  // namespace kn
