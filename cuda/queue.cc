#include "queue.h"

#include <algorithm>
#include <cstring>

#include "batch.h"
#include "runtime/device.h"
#include "status.h"

namespace kn::cuda {

namespace {
constexpr size_t kPinned = size_t{256} << 10, kAlignment = 64;
// Results so large that they take longer over the bus than events and a copy on the device.
constexpr size_t kWorthAShelf = size_t{256} << 10;

size_t padded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }
}  // namespace

CudaQueue::CudaQueue(Device& device, int index) : device_(device), index_(index) {
  check(cudaSetDevice(index_), "choosing a device");
  // Not the default stream: that one waits for all others.
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  control = static_cast<Control*>(device_.allocate(sizeof(Control)));
}

CudaQueue::~CudaQueue() {
  (void)cudaSetDevice(index_);
  (void)cudaStreamSynchronize(stream);
  if (sender_) (void)cudaStreamSynchronize(sender_);
  if (fetcher_) (void)cudaStreamSynchronize(fetcher_);
  forget_record();
  device_.release(control, sizeof(Control));
  for (const Pinned& p : pinned_) (void)cudaFreeHost(p.memory);
  for (const Slot& s : slots_) {
    if (s.buffer.memory) (void)cudaFreeHost(s.buffer.memory);
    if (s.sent) (void)cudaEventDestroy(s.sent);
    if (s.used) (void)cudaEventDestroy(s.used);
  }
  if (sender_) (void)cudaStreamDestroy(sender_);
  for (const Shelf& s : shelves_) {
    if (s.memory) device_.release(s.memory, s.bytes);
    if (s.filled) (void)cudaEventDestroy(s.filled);
    if (s.emptied) (void)cudaEventDestroy(s.emptied);
  }
  if (fetcher_) (void)cudaStreamDestroy(fetcher_);
  (void)cudaStreamDestroy(stream);
}

// Pinned memory until the run is finished. A run that needs more than there is gets another piece;
// the next run gets one that is large enough.
void* CudaQueue::pinned(size_t bytes) {
  const size_t wanted = padded(bytes);
  if (pinned_.empty() || pinned_used_ + wanted > pinned_.back().bytes) {
    size_t held = 0;
    for (const Pinned& p : pinned_) held += p.bytes;
    const size_t size = std::max({kPinned, 2 * held, wanted});
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, size, cudaHostAllocDefault), "allocating pinned memory");
    pinned_.push_back({memory, size});
    pinned_used_ = 0;
  }
  void* at = static_cast<char*>(pinned_.back().memory) + pinned_used_;
  pinned_used_ += wanted;
  return at;
}

void CudaQueue::begin(uint64_t step, int64_t batch) {
  check(cudaSetDevice(index_), "choosing a device");
  // The stream is done with all of it: the run before was finished, or failed.
  while (pinned_.size() > 1) {
    (void)cudaFreeHost(pinned_.front().memory);
    pinned_.erase(pinned_.begin());
  }
  pinned_used_ = 0;
  arrivals_.clear();
  if (!graph_) showings_.clear();
  Control start;
  start.step = step;
  start.batch = batch;
  copy_in(control, &start, sizeof start);
}

void CudaQueue::copy_in(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return;
  void* staged = pinned(bytes);
  std::memcpy(staged, from, bytes);
  check(cudaMemcpyAsync(to, staged, bytes, cudaMemcpyHostToDevice, stream), "copying to the GPU");
}

void CudaQueue::fetch(void* to, const void* from, size_t bytes, cudaStream_t by) {
  if (bytes == 0) return;
  void* staged = pinned(bytes);
  check(cudaMemcpyAsync(staged, from, bytes, cudaMemcpyDeviceToHost, by), "copying from the GPU");
  arrivals_.push_back({to, staged, bytes});
}

void CudaQueue::copy_out(void* to, const void* from, size_t bytes) {
  fetch(to, from, bytes, stream);
}

void CudaQueue::copy_within(void* to, const void* from, size_t bytes) {
  if (bytes == 0 || to == from) return;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream), "copying on the GPU");
}

CudaQueue::Showing::~Showing() { (void)cudaFreeHost(copy); }

void CudaQueue::show(const Observer& observer, const TensorType& type, const void* from) {
  void* copy = nullptr;
  check(cudaHostAlloc(&copy, std::max<size_t>(type.bytes(), 1), cudaHostAllocDefault),
        "allocating pinned memory");
  showings_.push_back(std::unique_ptr<Showing>(new Showing{&observer, type, copy}));
  if (type.bytes())
    check(cudaMemcpyAsync(copy, from, type.bytes(), cudaMemcpyDeviceToHost, stream),
          "copying from the GPU");
  const auto call = [](void* shown) {
    const auto& s = *static_cast<const Showing*>(shown);
    s.observer->see(s.type, s.copy);
  };
  check(cudaLaunchHostFunc(stream, call, showings_.back().get()), "calling the host");
}

void CudaQueue::replay(FunctionRef<void()> work, bool changed) {
  // Since `begin` the thread may have turned to another device, whose kernels no stream of this
  // one takes.
  check(cudaSetDevice(index_), "choosing a device");
  if (changed) {
    forget_record();
    runs_ = 0;
  }
  // A plan that runs once is not worth a record.
  if (!graph_ && ++runs_ >= 2) record(work);
  if (graph_) {
    check(cudaGraphLaunch(graph_, stream), "launching a recorded run");
  } else {
    work();
    check(cudaGetLastError(), "launching kernels");
  }
}

void CudaQueue::record(FunctionRef<void()> work) {
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), "recording a run");
  cudaGraph_t graph = nullptr;
  try {
    work();
    check(cudaGetLastError(), "recording kernels");  // what was refused is not in the record
  } catch (...) {
    (void)cudaStreamEndCapture(stream, &graph);
    if (graph) (void)cudaGraphDestroy(graph);
    throw;
  }
  check(cudaStreamEndCapture(stream, &graph), "recording a run");
  const cudaError_t status = cudaGraphInstantiate(&graph_, graph, 0);
  (void)cudaGraphDestroy(graph);
  if (status != cudaSuccess) graph_ = nullptr;
  check(status, "making a recorded run ready");
}

void CudaQueue::forget_record() {
  if (graph_) (void)cudaGraphExecDestroy(graph_);
  graph_ = nullptr;
  showings_.clear();
}

FaultReport CudaQueue::finish() {
  auto* report = static_cast<Control*>(pinned(sizeof(Control)));
  check(cudaMemcpyAsync(report, control, sizeof(Control), cudaMemcpyDeviceToHost, stream),
        "copying from the GPU");
  check(cudaStreamSynchronize(stream), "running kernels");
  if (fetcher_) check(cudaStreamSynchronize(fetcher_), "copying from the GPU");
  for (const Arrival& a : arrivals_) std::memcpy(a.to, a.from, a.bytes);
  arrivals_.clear();
  pinned_used_ = 0;
  return {report->claimed != 0, report->index, report->extent, report->site};
}

void CudaQueue::take_rows(std::span<const RowSource> sources, const RowChoice& choice) {
  cuda::take_rows(*this, sources, choice);
}

void CudaQueue::close_batch(std::span<const ScalarAt> values, double weight, double* totals) {
  cuda::close_batch(*this, values, weight, totals);
}

void CudaQueue::open_slots() {
  if (sender_) return;
  check(cudaStreamCreateWithFlags(&sender_, cudaStreamNonBlocking), "making a stream");
  for (Slot& s : slots_) {
    check(cudaEventCreateWithFlags(&s.sent, cudaEventDisableTiming), "making an event");
    check(cudaEventCreateWithFlags(&s.used, cudaEventDisableTiming), "making an event");
  }
}

void* CudaQueue::staging(int slot, size_t bytes) {
  open_slots();
  Slot& s = slots_[slot];
  check(cudaEventSynchronize(s.sent), "copying to the GPU");
  if (s.buffer.bytes < bytes) {
    if (s.buffer.memory) (void)cudaFreeHost(s.buffer.memory);
    s.buffer = {nullptr, 0};
    check(cudaHostAlloc(&s.buffer.memory, bytes, cudaHostAllocDefault), "allocating pinned memory");
    s.buffer.bytes = bytes;
  }
  return s.buffer.memory;
}

void CudaQueue::send(int slot, void* to, size_t bytes) {
  Slot& s = slots_[slot];
  check(cudaStreamWaitEvent(sender_, s.used, 0), "copying to the GPU");
  if (bytes)
    check(cudaMemcpyAsync(to, s.buffer.memory, bytes, cudaMemcpyHostToDevice, sender_),
          "copying to the GPU");
  check(cudaEventRecord(s.sent, sender_), "copying to the GPU");
  check(cudaStreamWaitEvent(stream, s.sent, 0), "copying to the GPU");
}

void CudaQueue::mark_used(int slot) {
  open_slots();
  check(cudaEventRecord(slots_[slot].used, stream), "running kernels");
}

void CudaQueue::wait_used(int slot) {
  open_slots();
  check(cudaEventSynchronize(slots_[slot].used), "running kernels");
}

CudaQueue::Shelf& CudaQueue::shelf(int slot, size_t bytes) {
  if (!fetcher_)
    check(cudaStreamCreateWithFlags(&fetcher_, cudaStreamNonBlocking), "making a stream");
  Shelf& s = shelves_[slot];
  for (cudaEvent_t* event : {&s.filled, &s.emptied})
    if (!*event) check(cudaEventCreateWithFlags(event, cudaEventDisableTiming), "making an event");
  if (s.bytes < bytes) {
    check(cudaStreamSynchronize(fetcher_), "copying from the GPU");
    if (s.memory) device_.release(s.memory, s.bytes);
    s.memory = nullptr, s.bytes = 0;
    s.memory = device_.allocate(bytes);
    s.bytes = bytes;
  }
  return s;
}

void CudaQueue::copy_back(int slot, std::span<const CopyBack> results) {
  size_t bytes = 0;
  for (const CopyBack& r : results) bytes += padded(r.bytes);
  if (bytes < kWorthAShelf) {
    for (const CopyBack& r : results) copy_out(r.to, r.from, r.bytes);
    return;
  }
  const Shelf& s = shelf(slot, bytes);
  check(cudaStreamWaitEvent(stream, s.emptied, 0), "copying from the GPU");
  auto* at = static_cast<char*>(s.memory);
  for (const CopyBack& r : results) {
    copy_within(at, r.from, r.bytes);
    at += padded(r.bytes);
  }
  check(cudaEventRecord(s.filled, stream), "running kernels");
  check(cudaStreamWaitEvent(fetcher_, s.filled, 0), "copying from the GPU");
  at = static_cast<char*>(s.memory);
  for (const CopyBack& r : results) {
    fetch(r.to, at, r.bytes, fetcher_);
    at += padded(r.bytes);
  }
  check(cudaEventRecord(s.emptied, fetcher_), "copying from the GPU");
}

}  // namespace kn::cuda
