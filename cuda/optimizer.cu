// Optimizer updates of any number of parameters in one launch: the pointers of all tensors travel
// among the kernel's parameters, and blocks take chunks of them, 16 bytes of each tensor at a time.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/update_rule.h"
#include "each.h"
#include "families.h"
#include "pack.h"
#include "update_formula.h"

namespace kn::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int64_t kChunk = 4 * kThreads;  // elements of one block
constexpr int kFew = 24, kMany = 240;     // tensors of one launch

template <class T>
struct Tensor {
  const T *p, *g, *slot[kMaxUpdateSlots];
  T *new_p, *new_slot[kMaxUpdateSlots];
  int64_t size;
  int64_t first_chunk;  // of the launch
  bool packs;           // all of them begin at multiples of 16 bytes
};

template <class T, int kTensors>
struct UpdateTask {
  UpdateKind kind;
  int slots, scalars, tensors;
  T epsilon;
  const T* scalar[kMaxUpdateScalars];
  Tensor<T> tensor[kTensors];
};

template <class Task, class T>
__device__ void update_one(const Task& task, const Tensor<T>& t, const T* k, int64_t e) {
  T s[kMaxUpdateSlots] = {};
  for (int i = 0; i < kMaxUpdateSlots; ++i)
    if (i < task.slots) s[i] = t.slot[i][e];
  t.new_p[e] = updated(task.kind, t.p[e], t.g[e], s, k, task.epsilon);
  for (int i = 0; i < kMaxUpdateSlots; ++i)
    if (i < task.slots) t.new_slot[i][e] = s[i];
}

template <class Task, class T>
__device__ void update_pack(const Task& task, const Tensor<T>& t, const T* k, int64_t e) {
  Pack<T> p = load_pack(t.p + e), s[kMaxUpdateSlots] = {};
  const Pack<T> g = load_pack(t.g + e);
  for (int i = 0; i < kMaxUpdateSlots; ++i)
    if (i < task.slots) s[i] = load_pack(t.slot[i] + e);
  for (int n = 0; n < Pack<T>::kMany; ++n) {
    T own[kMaxUpdateSlots];
    for (int i = 0; i < kMaxUpdateSlots; ++i) own[i] = s[i].v[n];
    p.v[n] = updated(task.kind, p.v[n], g.v[n], own, k, task.epsilon);
    for (int i = 0; i < kMaxUpdateSlots; ++i) s[i].v[n] = own[i];
  }
  store_pack(t.new_p + e, p);
  for (int i = 0; i < kMaxUpdateSlots; ++i)
    if (i < task.slots) store_pack(t.new_slot[i] + e, s[i]);
}

template <class T, int kTensors>
__global__ void __launch_bounds__(kThreads)
    update_kernel(const __grid_constant__ UpdateTask<T, kTensors> task) {
  int low = 0, high = task.tensors - 1;  // the last tensor that begins at or before this chunk
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (task.tensor[middle].first_chunk <= static_cast<int64_t>(blockIdx.x)) low = middle;
    else high = middle - 1;
  }
  const Tensor<T>& t = task.tensor[low];
  T k[kMaxUpdateScalars] = {};
  for (int i = 0; i < task.scalars; ++i) k[i] = *task.scalar[i];
  const int64_t from = (static_cast<int64_t>(blockIdx.x) - t.first_chunk) * kChunk;
  const int64_t end = from + kChunk < t.size ? from + kChunk : t.size;
  constexpr int kMany = Pack<T>::kMany;
  for (int64_t e = from + threadIdx.x * kMany; e < end; e += kThreads * kMany) {
    if (t.packs && e + kMany <= end) update_pack(task, t, k, e);
    else
      for (int64_t i = e; i < e + kMany && i < end; ++i) update_one(task, t, k, i);
  }
}

// Inputs: p × count, g × count, slot 0 × count, …, scalars. Outputs: p × count, slot 0 × count, …
template <class T>
class Update : public Kernel {
 public:
  explicit Update(const KernelRequest& r)
      : rule_(*find_update_rule(r.op)),
        count_(static_cast<int>(r.attrs.integer("count", 1))),
        epsilon_(static_cast<T>(r.attrs.number("epsilon", 0.0))) {
    for (int i = 0; i < count_; ++i) sizes_.push_back(r.in[i].shape.elements());
  }

  bool in_place(int output, int input) const override {
    return output < count_ ? input == output : input == output + count_;
  }

  void run(const RunArgs& args) const override {
    const int most = count_ <= kFew ? kFew : kMany;
    for (int first = 0; first < count_; first += most) {
      const int end = std::min(count_, first + most);
      if (most == kFew) run_some<kFew>(args, first, end);
      else run_some<kMany>(args, first, end);
    }
  }

 private:
  template <int kTensors>
  void run_some(const RunArgs& args, int first, int end) const {
    UpdateTask<T, kTensors> task{};
    task.kind = rule_.kind;
    task.slots = rule_.slots;
    task.scalars = rule_.scalars;
    task.epsilon = epsilon_;
    for (int k = 0; k < rule_.scalars; ++k)
      task.scalar[k] = args.input<T>(rule_.inputs_each() * count_ + k);
    int64_t chunks = 0;
    for (int i = first; i < end; ++i) {
      if (sizes_[i] == 0) continue;
      Tensor<T>& t = task.tensor[task.tensors++];
      t.p = args.input<T>(i);
      t.g = args.input<T>(count_ + i);
      t.new_p = args.output<T>(i);
      t.packs = in_packs(t.p) && in_packs(t.g) && in_packs(t.new_p);
      for (int k = 0; k < rule_.slots; ++k) {
        t.slot[k] = args.input<T>((2 + k) * count_ + i);
        t.new_slot[k] = args.output<T>((1 + k) * count_ + i);
        t.packs = t.packs && in_packs(t.slot[k]) && in_packs(t.new_slot[k]);
      }
      t.size = sizes_[i];
      t.first_chunk = chunks;
      chunks += (t.size + kChunk - 1) / kChunk;
    }
    if (chunks > 0)
      launch(update_kernel<T, kTensors>, dim3(static_cast<unsigned>(chunks)), dim3(kThreads), 0,
             stream_of(args), task);
  }

  const UpdateRule& rule_;
  int count_;
  T epsilon_;
  std::vector<int64_t> sizes_;
};

std::unique_ptr<Kernel> make_update(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<Update<float>>(r);
  if (r.in[0].dtype == DType::f64) return std::make_unique<Update<double>>(r);
  refusal = "computes float32 and float64";
  return nullptr;
}

const Candidate kUpdate[] = {{"tensors", make_update}};

const OpKernels kKernels[] = {
#define KN_UPDATE_RULE(name, slots, scalars) \
  {#name "_update", kUpdate}, {"multi_" #name "_update", kUpdate},
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

}  // namespace

std::span<const OpKernels> optimizer_kernels() { return kKernels; }

}  // namespace kn::cuda
