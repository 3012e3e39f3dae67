// What both directions of recurrent layers over whole sequences share: extents, packed kernels and
// the split over rows. Rows of a batch do not depend on each other: each thread takes some of them
// through all steps, without a word to the others, and the recurrent kernel, packed once per call,
// stays in its second cache. `Way` says how a step is computed (cpu/recurrent_panels.h).
#pragma once

#include "base/recurrence.h"
#include "base/rounding.h"
#include "cpu/recurrent_kernels.h"
#include "cpu/recurrent_panels.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

template <class Way>
class SequenceKernel : public SequenceParts {
 public:
  int64_t packs() const override { return panels_.count() + panels_2_.count(); }
  int64_t pack_cost() const override { return r_.gates() * units_ * units_ / 8; }
  void pack(const RunArgs& args, int64_t i) const override {
    T* panels = static_cast<T*>(args.workspace);
    if (i < panels_.count()) panels_.pack(kernel(args), i, panels);
    else panels_2_.pack(kernel(args), i - panels_.count(), panels + panels_.elements());
  }

  // A row's results are the same whatever rows it is together with.
  int64_t chunks(int64_t threads) const override {
    constexpr int64_t kWorthSplitting = 10'000;  // nanoseconds
    const int64_t least = ceil_div(rows_, Way::kMostRows);
    if (threads == 1 || cost() < kWorthSplitting) return least;
    const int64_t shared = std::min(threads, ceil_div(rows_, Way::kFewestRows));
    return least <= shared ? shared : ceil_div(least, threads) * threads;
  }
  int64_t cost() const override {
    return rows_ * steps_ * r_.gates() * units_ * (units_ + 80) / 100;
  }
  int slots() const override { return slots_; }
  void run_chunk(const RunArgs& args, int64_t chunk, int64_t chunks, int slot) const override {
    way_.begin();
    run_range(args, chunk * rows_ / chunks, (chunk + 1) * rows_ / chunks, slot);
    way_.end();
  }

 protected:
  using T = typename Way::Number;
  using Step = RecurrentStep<T>;
  using Panels = typename Way::Panels;

  SequenceKernel(const Recurrence& r, const Shape& sequence, int64_t units)
      : r_(r),
        steps_(sequence[0]),
        rows_(sequence[1]),
        units_(units),
        cell_(static_cast<int>(r.cell)),
        slots_(global_pool().threads()) {}

  virtual const T* kernel(const RunArgs& args) const = 0;
  // Takes rows [from, until) through all steps.
  virtual void run_range(const RunArgs& args, int64_t from, int64_t until, int slot) const = 0;

  Panels panels_of(RecurrentSlice::Form form, int first, int gates) const {
    return Panels({form, units_, r_.gates(), first, gates});
  }

  int64_t state_size() const { return rows_ * units_; }
  int64_t index_of(int64_t step) const { return r_.reverse ? steps_ - 1 - step : step; }

  // A step's constant part, for rows from `from` on.
  Step step_of(const RunArgs& args, int64_t from, int64_t until, int drop_input, int slot) const {
    Step s{};
    s.rows = until - from;
    s.units = units_;
    s.activation = r_.activation;
    s.gate = r_.gate;
    const T* panels = static_cast<const T*>(args.workspace);
    s.first = panels_.slice().matrix(panels, kernel(args));
    s.second = panels_2_.slice().matrix(panels + panels_.elements(), kernel(args));
    s.drop = r_.dropped ? args.input<T>(drop_input) + from * units_ : nullptr;
    s.drops = r_.drops();
    s.apart = r_.apart ? state_size() : 0;
    s.scratch = static_cast<T*>(args.workspace) + panel_elements() + slot * scratch_elements();
    return s;
  }
  const bool* mask_of(const RunArgs& args, int input, int64_t t, int64_t from) const {
    return r_.masked ? args.input<bool>(input) + t * rows_ + from : nullptr;
  }

  // Panels, scratch of each slot, `more` elements from `rest` on.
  size_t workspace_for(int64_t more) const {
    return sizeof(T) * static_cast<size_t>(panel_elements() + slots_ * scratch_elements() + more);
  }
  T* rest(const RunArgs& args) const {
    return static_cast<T*>(args.workspace) + panel_elements() + slots_ * scratch_elements();
  }

  Recurrence r_;
  int64_t steps_, rows_, units_;
  int cell_;
  int slots_;
  Way way_;
  Panels panels_, panels_2_;

 private:
  int64_t panel_elements() const { return panels_.elements() + panels_2_.elements(); }
  int64_t scratch_elements() const {
    return way_.scratch_elements(std::max(panels_.slice().k(), panels_2_.slice().k()));
  }
};

}  // namespace kn::cpu
