// Rows taken and added by index. Adding is deterministic: the indices are sorted, equal ones in
// their order, and each row is summed by whoever holds its first index.
#include "copy.h"
#include "families.h"
#include "scatter.h"

namespace kn::cuda {

namespace {

template <class T>
struct ReadRows {
  Rows rows;
  IndexInput indices;
  FaultSlot fault;
  const T* x;
  T* out;

  // out (outer, count, inner)
  __device__ void operator()(int64_t position) const {
    const int64_t column = position % rows.inner, row = position / rows.inner;
    const int64_t outer = row / rows.count, index = indices[row % rows.count];
    const bool inside = index >= 0 && index < rows.extent;
    if (!inside) fault.outside(static_cast<double>(index), rows.extent);
    out[position] = inside ? x[(outer * rows.extent + index) * rows.inner + column] : T{};
  }
};

class Gather : public Kernel {
 public:
  explicit Gather(const KernelRequest& r)
      : rows_(r), index_(r.in[1].dtype), width_(size_of(r.in[0].dtype)) {}
  void run(const RunArgs& args) const override {
    with_width(width_, [&](auto zero) {
      using T = decltype(zero);
      each(args, rows_.outer * rows_.count * rows_.inner,
           ReadRows<T>{
               rows_, {args.in[1], index_}, FaultSlot(args), args.input<T>(0), args.output<T>(0)});
    });
  }

 private:
  Rows rows_;
  DType index_;
  size_t width_;
};

template <class T>
class ScatterAdd : public Kernel {
 public:
  explicit ScatterAdd(const KernelRequest& r)
      : rows_(r),
        index_(r.in[1].dtype),
        sort_(rows_.count, static_cast<uint64_t>(rows_.extent) + 1) {}
  size_t workspace_bytes() const override { return sort_.workspace_bytes(); }

  void run(const RunArgs& args) const override {
    fill_elements(args, rows_.outer * rows_.extent * rows_.inner, sizeof(T), args.out[0], 0);
    const RadixSort::Lists keys = sort_.input(args.workspace);
    each(args, rows_.count, MakeKeys{{args.in[1], index_}, rows_.extent, keys});
    sort_.run(args, args.workspace);
    each(args, rows_.outer * rows_.count * rows_.inner,
         SumRows<T>{rows_, sort_.sorted(args.workspace), args.input<T>(2), args.output<T>(0)});
  }

 private:
  Rows rows_;
  DType index_;
  RadixSort sort_;
};

// x (outer, extent, inner), indices (outer, n, inner): an index for each element.
struct Along {
  int64_t outer, extent, inner, n;

  explicit Along(const KernelRequest& r) {
    const Shape& x = r.in[0].shape;
    const int axis = normalize_axis(r.attrs.integer("axis", -1), x.rank(), r.op);
    outer = x.elements(0, axis);
    extent = x[axis];
    inner = x.elements(axis + 1, x.rank());
    n = r.in[1].shape[axis];
  }
};

template <class T>
struct ReadAlong {
  Along a;
  IndexInput indices;
  const T* x;
  T* out;
  __device__ void operator()(int64_t i) const {
    const int64_t index = indices[i], column = i % a.inner, outer = i / a.inner / a.n;
    const bool inside = index >= 0 && index < a.extent;
    out[i] = inside ? x[(outer * a.extent + index) * a.inner + column] : T{};
  }
};

// A line of the axis by one thread, in order.
template <class T>
struct AddAlong {
  Along a;
  IndexInput indices;
  const T* updates;
  T* out;
  __device__ void operator()(int64_t line) const {
    const int64_t outer = line / a.inner, column = line % a.inner;
    for (int64_t k = 0; k < a.n; ++k) {
      const int64_t i = (outer * a.n + k) * a.inner + column, index = indices[i];
      if (index < 0 || index >= a.extent) continue;
      T& to = out[(outer * a.extent + index) * a.inner + column];
      to = static_cast<T>(to + updates[i]);
    }
  }
};

class TakeAlong : public Kernel {
 public:
  explicit TakeAlong(const KernelRequest& r)
      : along_(r), index_(r.in[1].dtype), width_(size_of(r.in[0].dtype)) {}
  void run(const RunArgs& args) const override {
    with_width(width_, [&](auto zero) {
      using T = decltype(zero);
      each(args, along_.outer * along_.n * along_.inner,
           ReadAlong<T>{along_, {args.in[1], index_}, args.input<T>(0), args.output<T>(0)});
    });
  }

 private:
  Along along_;
  DType index_;
  size_t width_;
};

template <class T>
class PutAlong : public Kernel {
 public:
  explicit PutAlong(const KernelRequest& r) : along_(r), index_(r.in[1].dtype) {}
  void run(const RunArgs& args) const override {
    fill_elements(args, along_.outer * along_.extent * along_.inner, sizeof(T), args.out[0], 0);
    each(args, along_.outer * along_.inner,
         AddAlong<T>{along_, {args.in[1], index_}, args.input<T>(2), args.output<T>(0)});
  }

 private:
  Along along_;
  DType index_;
};

template <class T>
struct MarkIndex {
  IndexInput indices;
  int64_t depth;
  T one;
  T* out;
  __device__ void operator()(int64_t i) const {
    out[i] = indices[i / depth] == i % depth ? one : T{};
  }
};

class OneHot : public Kernel {
 public:
  explicit OneHot(const KernelRequest& r)
      : type_(r.out[0]), index_(r.in[0].dtype), one_(element_bits(1, type_.dtype)) {}
  void run(const RunArgs& args) const override {
    with_width(size_of(type_.dtype), [&](auto zero) {
      using T = decltype(zero);
      each(args, type_.shape.elements(),
           MarkIndex<T>{
               {args.in[0], index_}, type_.shape.back(), static_cast<T>(one_), args.output<T>(0)});
    });
  }

 private:
  TensorType type_;
  DType index_;
  uint64_t one_;
};

template <class K>
std::unique_ptr<Kernel> make(const KernelRequest& r, std::string&) {
  return std::make_unique<K>(r);
}

template <template <class> class K>
std::unique_ptr<Kernel> make_sum(const KernelRequest& r, std::string& refusal) {
  const DType dtype = r.out[0].dtype;
  if (dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::b8) {
    refusal = "sums of " + std::string(name_of(dtype)) + " are not computed";
    return nullptr;
  }
  return dispatch(dtype, [&](auto zero) -> std::unique_ptr<Kernel> {
    return std::make_unique<K<decltype(zero)>>(r);
  });
}

const Candidate kGather[] = {{"rows", make<Gather>, true}};
const Candidate kScatterAdd[] = {{"sorted", make_sum<ScatterAdd>}};
const Candidate kTakeAlong[] = {{"elements", make<TakeAlong>}};
const Candidate kPutAlong[] = {{"lines", make_sum<PutAlong>}};
const Candidate kOneHot[] = {{"elements", make<OneHot>}};

const OpKernels kKernels[] = {{"gather", kGather},
                              {"scatter_add", kScatterAdd},
                              {"take_along", kTakeAlong},
                              {"put_along", kPutAlong},
                              {"one_hot", kOneHot}};

}  // namespace

std::span<const OpKernels> index_kernels() { return kKernels; }

}  // namespace kn::cuda
