#include "exec/loop_kernel.h"

#include <cstring>

#include "exec/runnable_plan.h"
#include "graph/loop_body.h"
#include "runtime/queue.h"

namespace kn {

namespace {

constexpr uint64_t kStepFactor = 0x9E3779B97F4A7C15ull;
constexpr size_t kAlignment = 64;
size_t padded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

struct Layout {
  int sequences, states, outputs, captures;
  bool reverse, trace;
  Dim steps;
};

class LoopKernel : public Kernel {
 public:
  LoopKernel(const Layout& layout, Plan plan) : n_(layout), body_(std::move(plan)) {
    const Plan& p = body_.plan();
    for (int i = 0; i < n_.sequences; ++i) slice_bytes_.push_back(p.inputs[i].bytes());
    for (int i = 0; i < n_.outputs; ++i) output_bytes_.push_back(p.outputs[i].bytes());
    for (int i = 0; i < n_.states; ++i) {
      state_bytes_.push_back(p.outputs[n_.outputs + i].bytes());
      // Two copies of each state take turns, so that a step never overwrites what it reads.
      state_offset_.push_back(states_bytes_);
      states_bytes_ += 2 * padded(state_bytes_.back());
    }
    if (p.device && p.device->queued()) {
      workspace_ = states_bytes_ + p.arena_bytes;
      return;
    }
    pointers_offset_ = states_bytes_;
    outputs_offset_ = pointers_offset_ + p.inputs.size() * sizeof(void*);
    workspace_ = outputs_offset_ + p.outputs.size() * sizeof(void*);
  }

  size_t workspace_bytes() const override { return workspace_; }

  void run(const RunArgs& args) const override {
    if (args.queued) return run_queued(args);
    auto* workspace = static_cast<char*>(args.workspace);
    auto** in = reinterpret_cast<const void**>(workspace + pointers_offset_);
    auto** out = reinterpret_cast<void**>(workspace + outputs_offset_);
    const int carried = n_.sequences + n_.states;
    for (int i = 0; i < n_.captures; ++i) in[carried + i] = args.in[carried + i];
    for (int i = 0; i < n_.states; ++i) in[n_.sequences + i] = args.in[n_.sequences + i];
    for (Dim s = 0; s < n_.steps; ++s) {
      const Dim t = n_.reverse ? n_.steps - 1 - s : s;
      for (int i = 0; i < n_.sequences; ++i)
        in[i] = static_cast<const char*>(args.in[i]) + t * slice_bytes_[i];
      for (int i = 0; i < n_.outputs; ++i)
        out[i] = static_cast<char*>(args.out[i]) + t * output_bytes_[i];
      for (int i = 0; i < n_.states; ++i) {
        if (n_.trace) keep_state(args, i, t, in[n_.sequences + i]);
        out[n_.outputs + i] = workspace + state_offset_[i] + (s & 1) * padded(state_bytes_[i]);
      }
      // Random numbers differ from step to step and are the same when the step is recomputed.
      body_.run(std::span<const void* const>(in, carried + n_.captures),
                std::span<void* const>(out, n_.outputs + n_.states),
                args.step * kStepFactor + static_cast<uint64_t>(t) + 1, *args.pool);
      for (int i = 0; i < n_.states; ++i) in[n_.sequences + i] = out[n_.outputs + i];
    }
    for (int i = 0; i < n_.states; ++i)
      std::memcpy(args.out[n_.outputs + i], in[n_.sequences + i], state_bytes_[i]);
  }

 private:
  // The same steps, put in the queue of a device: its memory holds the states and the arena of the
  // body, the pointers stay here.
  void run_queued(const RunArgs& args) const {
    auto* workspace = static_cast<char*>(args.workspace);
    const int carried = n_.sequences + n_.states;
    std::vector<const void*> in(args.in, args.in + carried + n_.captures);
    std::vector<void*> out(n_.outputs + n_.states);
    Queue& queue = *args.queued->queue;
    Queued queued = *args.queued;
    for (Dim s = 0; s < n_.steps; ++s) {
      const Dim t = n_.reverse ? n_.steps - 1 - s : s;
      for (int i = 0; i < n_.sequences; ++i)
        in[i] = static_cast<const char*>(args.in[i]) + t * slice_bytes_[i];
      for (int i = 0; i < n_.outputs; ++i)
        out[i] = static_cast<char*>(args.out[i]) + t * output_bytes_[i];
      for (int i = 0; i < n_.states; ++i) {
        if (n_.trace)
          queue.copy_within(
              static_cast<char*>(args.out[n_.outputs + n_.states + i]) + t * state_bytes_[i],
              in[n_.sequences + i], state_bytes_[i]);
        out[n_.outputs + i] = workspace + state_offset_[i] + (s & 1) * padded(state_bytes_[i]);
      }
      queued.factor = args.queued->factor * kStepFactor;
      queued.term = args.queued->term * kStepFactor + static_cast<uint64_t>(t) + 1;
      RunArgs inner = args;
      inner.step = args.step * kStepFactor + static_cast<uint64_t>(t) + 1;
      inner.queued = &queued;
      body_.run_inside(inner, workspace + states_bytes_, in, out);
      for (int i = 0; i < n_.states; ++i) in[n_.sequences + i] = out[n_.outputs + i];
    }
    for (int i = 0; i < n_.states; ++i)
      queue.copy_within(args.out[n_.outputs + i], in[n_.sequences + i], state_bytes_[i]);
  }

  void keep_state(const RunArgs& args, int i, Dim t, const void* state) const {
    char* rows = static_cast<char*>(args.out[n_.outputs + n_.states + i]);
    std::memcpy(rows + t * state_bytes_[i], state, state_bytes_[i]);
  }

  Layout n_;
  RunnablePlan body_;
  std::vector<size_t> slice_bytes_, output_bytes_, state_bytes_, state_offset_;
  size_t states_bytes_ = 0, pointers_offset_ = 0, outputs_offset_ = 0, workspace_ = 0;
};

std::unique_ptr<Kernel> make_loop_kernel(const KernelRequest& r, std::string&) {
  Layout n{};
  n.sequences = static_cast<int>(r.attrs.integer("sequences"));
  n.states = static_cast<int>(r.attrs.integer("states"));
  n.outputs = static_cast<int>(r.attrs.integer("outputs"));
  n.captures = static_cast<int>(r.in.size()) - n.sequences - n.states;
  n.reverse = r.attrs.flag("reverse");
  n.trace = r.attrs.flag("trace");
  n.steps = n.sequences ? r.in[0].shape[0] : r.attrs.integer("steps");
  return std::make_unique<LoopKernel>(
      n, make_plan(static_cast<const LoopBody&>(*r.payload).graph, *r.source));
}

const Candidate kLoop[] = {{"steps", make_loop_kernel, true}};

}  // namespace

std::span<const Candidate> WithLoops::candidates(std::string_view op) const {
  if (op == "loop") return kLoop;
  return device_.candidates(op);
}

}  // namespace kn
