#include "exec/stretch.h"

#include <utility>

#include "base/error.h"

namespace kn {

namespace {
// So much is collected of the outputs before someone waits for them.
constexpr size_t kPending = size_t{8} << 20;
}  // namespace

RunnablePlan::Stretch::Stretch(const RunnablePlan& plan, const StretchFeed& feed, uint64_t step,
                               int64_t first, std::span<const double> sums)
    : plan_(plan), feed_(feed), arena_(plan.take_arena()), batch_(first) {
  const std::vector<TensorType>& inputs = plan.plan_.inputs;
  Queue& queue = *arena_->queue;
  queue.begin(step, first);
  for (size_t i = feed.cut; i < inputs.size(); ++i)
    queue.copy_in(arena_->base + plan.feed_offset_[i], feed.constants[i - feed.cut],
                  inputs[i].bytes());
  const int64_t rows = feed.cut ? inputs[0].shape[0] : 0;
  weight_ = static_cast<double>(rows);
  choice_ = {rows, feed.batch_size, feed.order, 0, 0};
  if (feed.arrays.empty()) set_up_ring();
  std::vector<const void*> from = {feed.order};
  for (size_t i = 0; i < feed.cut; ++i) {
    const void* source = feed.arrays.empty()
                             ? static_cast<const char*>(arena_->ring.data()) + offsets_[i]
                             : feed.arrays[i];
    from.push_back(source);
    sources_.push_back({source, arena_->base + plan.feed_offset_[i],
                        rows ? inputs[i].bytes() / static_cast<size_t>(rows) : 0});
  }
  const size_t n = sums.size();
  if (n && !arena_->totals.data())
    arena_->totals = Buffer(*plan.plan_.device, 2 * n * sizeof(double));
  for (size_t i = 0; i < n; ++i)
    values_.push_back({arena_->base + plan.result_offset_[i], plan.plan_.outputs[i].dtype});
  queue.copy_in(static_cast<double*>(arena_->totals.data()) + n, sums.data(), n * sizeof(double));
  pending_ = 1;
  if (arena_->sources != from) {
    arena_->sources = std::move(from);
    arena_->changed = true;
  }
}

// The arena goes back once someone has waited for it: what is still under way may have failed.
RunnablePlan::Stretch::~Stretch() {
  if (arena_ && pending_ == 0) plan_.give_back(std::move(arena_));
}

void RunnablePlan::Stretch::set_up_ring() {
  for (size_t i = 0; i < feed_.cut; ++i) {
    offsets_.push_back(slot_bytes_);
    slot_bytes_ += padded(plan_.plan_.inputs[i].bytes());
  }
  choice_.ring = Queue::kSlots;
  choice_.ring_bytes = slot_bytes_;
  if (!arena_->ring.data()) arena_->ring = Buffer(*plan_.plan_.device, Queue::kSlots * slot_bytes_);
}

char* RunnablePlan::Stretch::stage() {
  return static_cast<char*>(
      arena_->queue->staging(static_cast<int>(batch_ % Queue::kSlots), slot_bytes_));
}

void RunnablePlan::Stretch::queue_batch(const RunArgs& args) {
  Queue& queue = *arena_->queue;
  queue.take_rows(sources_, choice_);
  plan_.queue_steps(*arena_, args);
  queue.close_batch(values_, weight_, static_cast<double*>(arena_->totals.data()));
}

void RunnablePlan::Stretch::run(ThreadPool& pool, std::span<void* const> outputs) {
  Queue& queue = *arena_->queue;
  const int slot = static_cast<int>(batch_ % Queue::kSlots);
  if (feed_.arrays.empty())
    queue.send(slot, static_cast<char*>(arena_->ring.data()) + slot * slot_bytes_, slot_bytes_);
  else queue.wait_used(slot);  // no further ahead than that
  pending_ |= 1;
  Queued queued{&queue};
  RunArgs args{nullptr, nullptr, nullptr, &pool, 0};
  args.queued = &queued;
  queue.replay([&] { queue_batch(args); }, std::exchange(arena_->changed, false));
  queue.mark_used(slot);
  std::vector<CopyBack> results;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const size_t bytes = plan_.plan_.outputs[i].bytes();
    results.push_back({outputs[i], arena_->base + plan_.result_offset_[i], bytes});
    pending_ += bytes;
  }
  if (!results.empty()) queue.copy_back(slot, results);
  ++batch_;
  if (pending_ > kPending) wait();
}

void RunnablePlan::Stretch::wait() {
  const FaultReport fault = arena_->queue->finish();
  pending_ = 0;
  if (fault.raised) fail_outside(*static_cast<const Node*>(fault.site), fault.index, fault.extent);
}

void RunnablePlan::Stretch::read_totals(std::span<double> last, std::span<double> sums) {
  const auto* totals = static_cast<const double*>(arena_->totals.data());
  const size_t bytes = values_.size() * sizeof(double);
  arena_->queue->copy_out(last.data(), totals, bytes);
  arena_->queue->copy_out(sums.data(), totals + values_.size(), bytes);
  wait();
}

}  // namespace kn
