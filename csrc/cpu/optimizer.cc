// Optimizer updates over any number of parameters in one call. The work is bound by memory: it is
// cut into stretches of equal size once, when the plan is made, whatever parameters they cross.
#include "cpu/isa/optimizer.h"

#include <algorithm>

#include "cpu/families.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/optimizer.h"
#include "cpu/update_kernel.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kChunk = 1 << 13;         // elements
constexpr double kBytesPerNanosecond = 50;  // of one thread, for the cost of the whole

template <class T>
typename UpdateLoops<T>::Loop find_loop(const UpdateLoops<T>& loops, UpdateKind kind) {
  switch (kind) {
#define KN_UPDATE_RULE(name, slots, scalars) \
  case UpdateKind::name: return loops.name;
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
  }
  return nullptr;
}

const UpdateLoops<float>& loops_of(float) { return table().optimizer.f32; }
const UpdateLoops<double>& loops_of(double) { return table().optimizer.f64; }

template <class T>
class Update : public UpdateKernel {
 public:
  explicit Update(const KernelRequest& r)
      : UpdateKernel(r), loop_(find_loop(loops_of(T{}), rule().kind)) {
    int64_t left = 0;
    for (int i = 0; i < count(); ++i) {
      total_ += size(i);
      for (int64_t from = 0; from < size(i);) {
        if (left == 0) {
          chunks_.push_back(stretches_.size());
          left = kChunk;
        }
        const int64_t n = std::min(left, size(i) - from);
        stretches_.push_back({i, from, n});
        from += n;
        left -= n;
      }
    }
    chunks_.push_back(stretches_.size());
  }

  void run(const RunArgs& args) const override {
    T scalars[kMaxUpdateScalars];
    for (int k = 0; k < rule().scalars; ++k) scalars[k] = *args.input<T>(scalar_input(k));
    const int arrays = rule().inputs_each() + rule().outputs_each();
    const auto cost = static_cast<int64_t>(static_cast<double>(total_) * sizeof(T) * arrays /
                                           kBytesPerNanosecond);
    args.pool->run_chunks(static_cast<int64_t>(chunks_.size()) - 1, cost, [&](int64_t c) {
      for (size_t s = chunks_[c]; s < chunks_[c + 1]; ++s)
        run_stretch(args, stretches_[s], scalars);
    });
  }

 private:
  struct Stretch {
    int parameter;
    int64_t from, n;
  };

  void run_stretch(const RunArgs& args, const Stretch& s, const T* scalars) const {
    const int i = s.parameter;
    UpdateStretch<T> u{};
    u.p = args.input<T>(i) + s.from;
    u.g = args.input<T>(gradient_input(i)) + s.from;
    u.new_p = args.output<T>(i) + s.from;
    for (int k = 0; k < rule().slots; ++k) {
      u.slot[k] = args.input<T>(slot_input(k, i)) + s.from;
      u.new_slot[k] = args.output<T>(slot_output(k, i)) + s.from;
    }
    u.n = s.n;
    loop_(u, scalars, static_cast<T>(epsilon()));
  }

  typename UpdateLoops<T>::Loop loop_;
  int64_t total_ = 0;
  std::vector<Stretch> stretches_;
  std::vector<size_t> chunks_;  // chunk c is stretches [chunks_[c], chunks_[c + 1])
};

std::unique_ptr<Kernel> make_loops(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<Update<float>>(r);
  if (r.in[0].dtype == DType::f64) return std::make_unique<Update<double>>(r);
  refusal = "computes float32 and float64";
  return nullptr;
}

const Candidate kCandidates[] = {{"loops", make_loops}, {"ref", ref::make_update}};

const OpKernels kKernels[] = {
#define KN_UPDATE_RULE(name, slots, scalars) \
  {#name "_update", kCandidates}, {"multi_" #name "_update", kCandidates},
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

}  // namespace

std::span<const OpKernels> optimizer_kernels() { return kKernels; }

}  // namespace kn::cpu
