// gather, scatter_add and their like, row by row; one_hot, top_k, in_top_k.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/families.h"
#include "cpu/index_rows.h"
#include "cpu/ref/index.h"
#include "cpu/top_k.h"
#include "runtime/thread_pool.h"

namespace kn::cpu {

namespace {

// Calls f with a value of the index type of `dtype`.
template <class F>
decltype(auto) with_index_type(DType dtype, F f) {
  switch (dtype) {
    case DType::i32: return f(int32_t{});
    case DType::u8: return f(uint8_t{});
    default: return f(int64_t{});
  }
}

// params (outer, n, inner bytes), indices (m), out (outer, m, inner bytes).
template <class I>
class Gather : public Kernel {
 public:
  explicit Gather(const KernelRequest& r) : view_(gather_view(r)) {
    bytes_ = view_.inner * static_cast<Dim>(size_of(r.in[0].dtype));
  }

  void run(const RunArgs& args) const override {
    const I* indices = args.input<I>(1);
    const char* params = args.input<char>(0);
    char* out = args.output<char>(0);
    const Dim rows = view_.outer * view_.indices;
    const Dim row_cost = 2 + bytes_ / 16, grain = std::max<Dim>(1, 8192 / row_cost);
    args.pool->parallel_for(rows, grain, rows * row_cost, [&](Dim from, Dim to) {
      while (from < to) {
        const Dim outer = from / view_.indices, first = from % view_.indices;
        const Dim n = std::min(to - from, view_.indices - first);
        if (!gather_rows(params + outer * view_.extent * bytes_, view_.extent, bytes_,
                         indices + first, n, out + from * bytes_))
          report_outside(args.fault, indices + first, n, view_.extent);
        from += n;
      }
    });
  }

 private:
  GatherView view_;
  Dim bytes_;
};

std::unique_ptr<Kernel> make_gather(const KernelRequest& r, std::string&) {
  return with_index_type(r.in[1].dtype, [&](auto index) -> std::unique_ptr<Kernel> {
    return std::make_unique<Gather<decltype(index)>>(r);
  });
}

// The rows of each index are added in order, by the one thread that owns their part of the result:
// a range of outer slices, of columns, or of rows.
template <class T, class I>
class ScatterAdd : public Kernel {
 public:
  explicit ScatterAdd(const KernelRequest& r) : view_(gather_view(r)), add_(row_adder<T>()) {}

  void run(const RunArgs& args) const override {
    constexpr Dim kShared = 8;  // parts: each looks through all indices
    const GatherView& v = view_;
    const Dim work = v.outer * v.inner * (v.extent + 2 * v.indices) + 1;
    const auto part = [&](Dim outer, Dim row, Dim rows, Dim column, Dim columns) {
      scatter_rows(args, outer, row, rows, column, columns);
    };
    if (v.outer > 1) {
      args.pool->parallel_for(v.outer, std::max<Dim>(1, v.outer * 16384 / work), work / 4,
                              [&](Dim from, Dim to) {
                                for (Dim o = from; o < to; ++o) part(o, 0, v.extent, 0, v.inner);
                              });
    } else if (v.inner >= 16 * kShared && v.inner > v.extent) {
      args.pool->parallel_for(v.inner, v.inner / kShared, work / 4,
                              [&](Dim from, Dim to) { part(0, 0, v.extent, from, to - from); });
    } else {
      args.pool->parallel_for(v.extent, std::max(v.extent / kShared, v.extent * 16384 / work),
                              work / 4,
                              [&](Dim from, Dim to) { part(0, from, to - from, 0, v.inner); });
    }
  }

 private:
  void scatter_rows(const RunArgs& args, Dim outer, Dim row, Dim rows, Dim column,
                    Dim columns) const {
    const Dim inner = view_.inner;
    const I* indices = args.input<I>(1);
    const T* updates = args.input<T>(2) + outer * view_.indices * inner + column;
    T* out = args.output<T>(0) + (outer * view_.extent + row) * inner + column;
    if (columns == inner) {
      std::fill(out, out + rows * inner, T{});
    } else {
      for (Dim i = 0; i < rows; ++i) std::fill(out + i * inner, out + i * inner + columns, T{});
    }
    for (Dim i = 0; i < view_.indices; ++i) {
      const Dim at = static_cast<Dim>(indices[i]) - row;
      if (at < 0 || at >= rows) continue;
      if (columns == 1) out[at * inner] = static_cast<T>(out[at * inner] + updates[i * inner]);
      else add_(updates + i * inner, out + at * inner, columns);
    }
  }

  GatherView view_;
  RowAdder<T> add_;
};

// take_along and put_along: x (outer, n, inner), indices (outer, m, inner).
template <class T, class I>
class TakeAlong : public Kernel {
 public:
  explicit TakeAlong(const KernelRequest& r) : view_(along_view(r)) {}
  void run(const RunArgs& args) const override {
    const AlongView& v = view_;
    args.pool->parallel_for(v.outer, 64, v.outer * v.taken * v.inner, [&](Dim from, Dim to) {
      for (Dim o = from; o < to; ++o) {
        const T* x = args.input<T>(0) + o * v.extent * v.inner;
        const Dim first = o * v.taken * v.inner;
        for (Dim i = 0; i < v.taken * v.inner; ++i) {
          const Dim at = static_cast<Dim>(args.input<I>(1)[first + i]);
          const bool inside = at >= 0 && at < v.extent;
          args.output<T>(0)[first + i] = inside ? x[at * v.inner + i % v.inner] : T{};
        }
      }
    });
  }

 private:
  AlongView view_;
};

template <class T, class I>
class PutAlong : public Kernel {
 public:
  explicit PutAlong(const KernelRequest& r) : view_(along_view(r)) {}
  void run(const RunArgs& args) const override {
    const AlongView& v = view_;
    const Dim cost = v.outer * (v.extent / 8 + v.taken) * v.inner;
    args.pool->parallel_for(v.outer, 64, cost, [&](Dim from, Dim to) {
      for (Dim o = from; o < to; ++o) {
        T* out = args.output<T>(0) + o * v.extent * v.inner;
        std::fill(out, out + v.extent * v.inner, T{});
        const Dim first = o * v.taken * v.inner;
        for (Dim i = 0; i < v.taken * v.inner; ++i) {
          const Dim at = static_cast<Dim>(args.input<I>(1)[first + i]);
          if (at < 0 || at >= v.extent) continue;
          T& sum = out[at * v.inner + i % v.inner];
          sum = static_cast<T>(sum + args.input<T>(2)[first + i]);
        }
      }
    });
  }

 private:
  AlongView view_;
};

// Kernels over numbers of 4 or 8 bytes and any index type; other dtypes are left to the reference.
template <template <class, class> class K>
std::unique_ptr<Kernel> make_for(const KernelRequest& r, std::string& refusal) {
  return with_index_type(r.in[1].dtype, [&](auto index) -> std::unique_ptr<Kernel> {
    using I = decltype(index);
    switch (r.out[0].dtype) {
      case DType::f32: return std::make_unique<K<float, I>>(r);
      case DType::f64: return std::make_unique<K<double, I>>(r);
      case DType::i32: return std::make_unique<K<int32_t, I>>(r);
      case DType::i64: return std::make_unique<K<int64_t, I>>(r);
      default: break;
    }
    refusal = std::string(name_of(r.out[0].dtype)) + " is not hot";
    return nullptr;
  });
}

template <class T, class I>
class OneHot : public Kernel {
 public:
  explicit OneHot(const KernelRequest& r)
      : rows_(r.in[0].shape.elements()), depth_(r.out[0].shape.back()) {}
  void run(const RunArgs& args) const override {
    const Dim grain = std::max<Dim>(1, 32768 / (depth_ + 1));
    args.pool->parallel_for(rows_, grain, rows_ * (2 + depth_ / 8), [&](Dim from, Dim to) {
      T* out = args.output<T>(0);
      std::fill(out + from * depth_, out + to * depth_, T{});
      for (Dim row = from; row < to; ++row) {
        const Dim at = static_cast<Dim>(args.input<I>(0)[row]);
        if (at >= 0 && at < depth_) out[row * depth_ + at] = T{1};
      }
    });
  }

 private:
  Dim rows_, depth_;
};

std::unique_ptr<Kernel> make_one_hot(const KernelRequest& r, std::string& refusal) {
  const DType dtype = r.out[0].dtype;
  if (dtype == DType::f16 || dtype == DType::bf16) {
    refusal = "only computed types are hot";
    return nullptr;
  }
  return dispatch(dtype, [&](auto zero) {
    return with_index_type(r.in[0].dtype, [&](auto index) -> std::unique_ptr<Kernel> {
      return std::make_unique<OneHot<decltype(zero), decltype(index)>>(r);
    });
  });
}

template <class T, class I>
class InTopK : public Kernel {
 public:
  explicit InTopK(const KernelRequest& r)
      : rows_(r.in[0].shape[0]), n_(r.in[0].shape[1]), k_(r.attrs.integer("k")) {}
  void run(const RunArgs& args) const override {
    const Dim grain = std::max<Dim>(1, 16384 / (n_ + 1));
    args.pool->parallel_for(rows_, grain, rows_ * (n_ / 2 + 2), [&](Dim from, Dim to) {
      for (Dim row = from; row < to; ++row) {
        const Dim target = static_cast<Dim>(args.input<I>(1)[row]);
        args.output<bool>(0)[row] =
            target >= 0 && target < n_ && found(args.input<T>(0) + row * n_, target);
      }
    });
  }

 private:
  bool found(const T* x, Dim target) const {
    const T wanted = x[target];
    int32_t larger = 0, strange = 0;  // x - x is no zero where x is infinite or no number
    for (Dim i = 0; i < n_; ++i) {
      larger += x[i] > wanted;
      strange += x[i] - x[i] != 0;
    }
    return strange == 0 && larger < k_;
  }

  Dim rows_, n_;
  int64_t k_;
};

std::unique_ptr<Kernel> make_in_top_k(const KernelRequest& r, std::string& refusal) {
  return with_index_type(r.in[1].dtype, [&](auto index) -> std::unique_ptr<Kernel> {
    using I = decltype(index);
    if (r.in[0].dtype == DType::f32) return std::make_unique<InTopK<float, I>>(r);
    if (r.in[0].dtype == DType::f64) return std::make_unique<InTopK<double, I>>(r);
    refusal = "predictions of " + std::string(name_of(r.in[0].dtype)) + " are not hot";
    return nullptr;
  });
}

const Candidate kGather[] = {{"rows", make_gather, true}, {"ref", ref::make_gather, true}};
const Candidate kScatterAdd[] = {{"rows", make_for<ScatterAdd>}, {"ref", ref::make_scatter_add}};
const Candidate kTakeAlong[] = {{"lines", make_for<TakeAlong>}, {"ref", ref::make_take_along}};
const Candidate kPutAlong[] = {{"lines", make_for<PutAlong>}, {"ref", ref::make_put_along}};
const Candidate kOneHot[] = {{"rows", make_one_hot}, {"ref", ref::make_one_hot}};
const Candidate kTopK[] = {{"select", make_top_k}, {"ref", ref::make_top_k}};
const Candidate kInTopK[] = {{"count", make_in_top_k}, {"ref", ref::make_in_top_k}};

const OpKernels kKernels[] = {
    {"gather", kGather},      {"scatter_add", kScatterAdd}, {"take_along", kTakeAlong},
    {"put_along", kPutAlong}, {"one_hot", kOneHot},         {"top_k", kTopK},
    {"in_top_k", kInTopK},
};

}  // namespace

std::span<const OpKernels> index_kernels() { return kKernels; }

}  // namespace kn::cpu
