// Optimizer updates of a table by the rows of its gradient that are not zero. Each row's sum is
// made in the first cache, in the order of the indices, and used up at once; the bits are those of
// the dense update. Where a rule leaves a row without gradient as it is, the row is not even read.
#include <algorithm>
#include <cstring>

#include "base/update_rule.h"
#include "cpu/families.h"
#include "cpu/index_rows.h"
#include "cpu/isa/isa.h"
#include "cpu/ref/optimizer.h"
#include "cpu/row_chains.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

constexpr int64_t kChunk = 1 << 14;         // elements of the table
constexpr int64_t kIdle = 2048;             // elements updated at a time where there is no gradient
constexpr double kBytesPerNanosecond = 50;  // of one thread

const UpdateLoops<float>& loops_of(float) { return table().optimizer.f32; }
const UpdateLoops<double>& loops_of(double) { return table().optimizer.f64; }

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

// What a gradient of zero changes: all, nothing, or (rmsprop) just the slot, which decays.
enum class Idle { updates, rests, decays };
Idle idle_of(UpdateKind kind, double epsilon) {
  if (kind == UpdateKind::sgd) return Idle::rests;
  if (epsilon <= 0) return Idle::updates;
  if (kind == UpdateKind::adagrad) return Idle::rests;
  return kind == UpdateKind::rmsprop ? Idle::decays : Idle::updates;
}

template <class T, class I>
class SparseUpdate : public Kernel {
 public:
  SparseUpdate(const KernelRequest& r, const UpdateRule& rule)
      : rule_(rule),
        loop_(find_loop(loops_of(T{}), rule.kind)),
        add_(row_adder<T>()),
        slots_(global_pool().threads()),
        rows_(r.in[0].shape[0]),
        width_(r.in[0].shape.elements(1, r.in[0].shape.rank())),
        entries_(r.in[1].shape.elements()),
        epsilon_(static_cast<T>(r.attrs.number("epsilon", 0.0))),
        idle_(idle_of(rule.kind, r.attrs.number("epsilon", 0.0))) {
    chunks_ = std::clamp<int64_t>(rows_ * width_ / kChunk, 1, rows_ > 0 ? rows_ : 1);
    sum_elements_ = (width_ + 15) / 16 * 16;
  }

  bool in_place(int output, int input) const override {
    return output == 0 ? input == 0 : input == output + 2;
  }

  // A row's sum for every thread, zeros, and the chains.
  size_t workspace_bytes() const override {
    return static_cast<size_t>(slots_ * sum_elements_ + kIdle) * sizeof(T) +
           static_cast<size_t>(RowChains::elements(rows_, entries_)) * sizeof(int32_t);
  }

  void run(const RunArgs& args) const override {
    T* sums = static_cast<T*>(args.workspace);
    T* zeros = sums + slots_ * sum_elements_;
    auto* links = reinterpret_cast<int32_t*>(zeros + kIdle);
    std::fill_n(zeros, kIdle, T{});
    RowChains chains(links, links + rows_);
    chains.link(args.input<I>(1), entries_, rows_);
    T scalars[kMaxUpdateScalars];
    for (int k = 0; k < rule_.scalars; ++k) scalars[k] = *args.input<T>(3 + rule_.slots + k);
    const int arrays = 2 * rule_.outputs_each();
    const auto cost = static_cast<int64_t>(static_cast<double>(rows_ * width_) * sizeof(T) *
                                           arrays / kBytesPerNanosecond);
    args.pool->run_chunks_in_slots(chunks_, cost, slots_, [&](int64_t c, int slot) {
      run_rows(args, chains, c * rows_ / chunks_, (c + 1) * rows_ / chunks_,
               sums + slot * sum_elements_, zeros, scalars);
    });
  }

 private:
  void run_rows(const RunArgs& args, const RowChains& chains, int64_t from, int64_t until, T* sum,
                const T* zeros, const T* scalars) const {
    const T* updates = args.input<T>(2);
    for (int64_t row = from; row < until;) {
      int64_t end = row;
      while (end < until && chains.first(end) == RowChains::kEnd) ++end;
      idle(args, row * width_, end * width_, zeros, scalars);
      if (end == until) return;
      int32_t entry = chains.first(end);
      const T* g = updates + entry * width_;
      entry = chains.next(entry);
      if (entry != RowChains::kEnd) {
        std::copy_n(g, width_, sum);
        g = sum;
        for (; entry != RowChains::kEnd; entry = chains.next(entry))
          add_(updates + entry * width_, sum, width_);
      }
      stretch(args, end * width_, width_, g, scalars);
      row = end + 1;
    }
  }

  // Elements [from, until), which have no gradient.
  void idle(const RunArgs& args, int64_t from, int64_t until, const T* zeros,
            const T* scalars) const {
    if (idle_ == Idle::updates) {
      for (; from < until; from += kIdle)
        stretch(args, from, std::min(kIdle, until - from), zeros, scalars);
      return;
    }
    keep(args.input<T>(0), args.output<T>(0), from, until);
    if (rule_.slots == 0) return;
    const T* slot = args.input<T>(3);
    T* now = args.output<T>(1);
    if (idle_ == Idle::rests) return keep(slot, now, from, until);
    const T decay = scalars[1];
    for (int64_t i = from; i < until; ++i) now[i] = decay * slot[i];
  }

  static void keep(const T* old, T* now, int64_t from, int64_t until) {
    if (now != old) std::copy(old + from, old + until, now + from);
  }

  void stretch(const RunArgs& args, int64_t from, int64_t n, const T* g, const T* scalars) const {
    UpdateStretch<T> u{};
    u.p = args.input<T>(0) + from;
    u.g = g;
    u.new_p = args.output<T>(0) + from;
    for (int k = 0; k < rule_.slots; ++k) {
      u.slot[k] = args.input<T>(3 + k) + from;
      u.new_slot[k] = args.output<T>(1 + k) + from;
    }
    u.n = n;
    loop_(u, scalars, epsilon_);
  }

  const UpdateRule& rule_;
  typename UpdateLoops<T>::Loop loop_;
  RowAdder<T> add_;
  int slots_;
  int64_t rows_, width_, entries_;
  T epsilon_;
  Idle idle_;
  int64_t chunks_ = 1, sum_elements_ = 0;
};

template <class T>
std::unique_ptr<Kernel> make_for(const KernelRequest& r) {
  const UpdateRule& rule = *find_sparse_update_rule(r.op);
  switch (r.in[1].dtype) {
    case DType::i32: return std::make_unique<SparseUpdate<T, int32_t>>(r, rule);
    case DType::u8: return std::make_unique<SparseUpdate<T, uint8_t>>(r, rule);
    default: return std::make_unique<SparseUpdate<T, int64_t>>(r, rule);
  }
}

std::unique_ptr<Kernel> make_rows(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return make_for<float>(r);
  if (r.in[0].dtype == DType::f64) return make_for<double>(r);
  refusal = "computes float32 and float64";
  return nullptr;
}

const Candidate kCandidates[] = {{"rows", make_rows}, {"ref", ref::make_sparse_update}};

const OpKernels kKernels[] = {
#define KN_UPDATE_RULE(name, slots, scalars) {"sparse_" #name "_update", kCandidates},
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

}  // namespace

std::span<const OpKernels> sparse_update_kernels() { return kKernels; }

}  // namespace kn::cpu
