// Updates of a table of which few rows have a gradient: (p, indices, updates, slots, scalars) ->
// new p, new slots. A dense gradient is never made: each element sums its row's gradients as they
// are needed, in the order of the indices. Where a rule leaves a row without gradient as it is,
// only rows with one are visited.
#include "copy.h"
#include "families.h"
#include "scatter.h"
#include "update_formula.h"

namespace kn::cuda {

namespace {

template <class T>
struct UpdateElement {
  UpdateKind kind;
  int slots, scalars;
  T epsilon;
  const T *p, *slot[kMaxUpdateSlots], *scalar[kMaxUpdateScalars];
  T *new_p, *new_slot[kMaxUpdateSlots];

  __device__ void operator()(int64_t e, T g) const {
    T s[kMaxUpdateSlots] = {}, k[kMaxUpdateScalars] = {};
    for (int i = 0; i < scalars; ++i) k[i] = *scalar[i];
    for (int i = 0; i < slots; ++i) s[i] = slot[i][e];
    new_p[e] = updated(kind, p[e], g, s, k, epsilon);
    for (int i = 0; i < slots; ++i) new_slot[i][e] = s[i];
  }
};

// The gradients of a table (extent, inner): updates (count, inner), by sorted row.
template <class T>
struct Gradients {
  int64_t extent, inner, count;
  RadixSort::Lists sorted;
  const T* updates;

  // Whether entry i is the first of a row.
  __device__ bool begins(int64_t i) const {
    const uint32_t row = sorted.keys[i];
    return row != extent && (i == 0 || sorted.keys[i - 1] != row);
  }
  // Of the row whose first entry is `first`.
  __device__ T sum(int64_t first, int64_t column) const {
    const uint32_t row = sorted.keys[first];
    T sum = 0;
    for (int64_t i = first; i < count && sorted.keys[i] == row; ++i)
      sum += updates[sorted.values[i] * inner + column];
    return sum;
  }
};

template <class T>
struct UpdateTouched {
  Gradients<T> gradients;
  UpdateElement<T> update;
  __device__ void operator()(int64_t e) const {
    const int64_t first = e / gradients.inner, column = e % gradients.inner;
    if (gradients.begins(first))
      update(gradients.sorted.keys[first] * gradients.inner + column, gradients.sum(first, column));
  }
};

constexpr uint32_t kNone = ~uint32_t{0};

// Notes where each row's entries begin.
template <class T>
struct MarkRows {
  Gradients<T> gradients;
  uint32_t* first;  // (extent), of kNone
  __device__ void operator()(int64_t i) const {
    if (gradients.begins(i)) first[gradients.sorted.keys[i]] = static_cast<uint32_t>(i);
  }
};

template <class T>
struct UpdateAll {
  Gradients<T> gradients;
  const uint32_t* first;
  UpdateElement<T> update;
  __device__ void operator()(int64_t e) const {
    const uint32_t begin = first[e / gradients.inner];
    update(e, begin == kNone ? T(0) : gradients.sum(begin, e % gradients.inner));
  }
};

// Whether a gradient of zero changes nothing.
bool rests(UpdateKind kind, double epsilon) {
  return kind == UpdateKind::sgd || (kind == UpdateKind::adagrad && epsilon > 0);
}

template <class T>
class SparseUpdate : public Kernel {
 public:
  explicit SparseUpdate(const KernelRequest& r)
      : rule_(*find_sparse_update_rule(r.op)),
        index_(r.in[1].dtype),
        extent_(r.in[0].shape[0]),
        inner_(r.in[0].shape.elements(1, r.in[0].shape.rank())),
        count_(r.in[1].shape.elements()),
        sort_(count_, static_cast<uint64_t>(extent_) + 1),
        epsilon_(static_cast<T>(r.attrs.number("epsilon", 0.0))),
        rests_(rests(rule_.kind, r.attrs.number("epsilon", 0.0))) {}

  bool in_place(int output, int input) const override {
    return output == 0 ? input == 0 : input == output + 2;
  }
  size_t workspace_bytes() const override { return mark_bytes() + sort_.workspace_bytes(); }

  void run(const RunArgs& args) const override {
    auto* first = static_cast<uint32_t*>(args.workspace);
    void* lists = static_cast<char*>(args.workspace) + mark_bytes();
    each(args, count_, MakeKeys{{args.in[1], index_}, extent_, sort_.input(lists)});
    sort_.run(args, lists);
    const Gradients<T> gradients{extent_, inner_, count_, sort_.sorted(lists), args.input<T>(2)};
    const UpdateElement<T> update = element(args);
    if (rests_) {
      for (int i = 0; i < rule_.outputs_each(); ++i)
        queue_of(args).copy_within(args.out[i], args.in[i == 0 ? 0 : i + 2],
                                   static_cast<size_t>(extent_ * inner_) * sizeof(T));
      each(args, count_ * inner_, UpdateTouched<T>{gradients, update});
      return;
    }
    fill_elements(args, extent_, sizeof(uint32_t), first, kNone);
    each(args, count_, MarkRows<T>{gradients, first});
    each(args, extent_ * inner_, UpdateAll<T>{gradients, first, update});
  }

 private:
  size_t mark_bytes() const {
    return rests_ ? 0 : (static_cast<size_t>(extent_) * sizeof(uint32_t) + 255) / 256 * 256;
  }

  UpdateElement<T> element(const RunArgs& args) const {
    UpdateElement<T> u{rule_.kind, rule_.slots, rule_.scalars,     epsilon_, args.input<T>(0),
                       {},         {},          args.output<T>(0), {}};
    for (int i = 0; i < rule_.slots; ++i) {
      u.slot[i] = args.input<T>(3 + i);
      u.new_slot[i] = args.output<T>(1 + i);
    }
    for (int i = 0; i < rule_.scalars; ++i) u.scalar[i] = args.input<T>(3 + rule_.slots + i);
    return u;
  }

  const UpdateRule& rule_;
  DType index_;
  int64_t extent_, inner_, count_;
  RadixSort sort_;
  T epsilon_;
  bool rests_;
};

std::unique_ptr<Kernel> make_sparse_update(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<SparseUpdate<float>>(r);
  if (r.in[0].dtype == DType::f64) return std::make_unique<SparseUpdate<double>>(r);
  refusal = "computes float32 and float64";
  return nullptr;
}

const Candidate kUpdate[] = {{"rows", make_sparse_update}};

const OpKernels kKernels[] = {
#define KN_UPDATE_RULE(name, slots, scalars) {"sparse_" #name "_update", kUpdate},
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

}  // namespace

std::span<const OpKernels> sparse_update_kernels() { return kKernels; }

}  // namespace kn::cuda
