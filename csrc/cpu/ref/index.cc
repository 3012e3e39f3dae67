#include "cpu/ref/index.h"

#include <algorithm>
#include <cmath>

#include "cpu/ref/moves.h"

namespace kn::cpu::ref {

namespace {

// Input 1 of a run as indices.
struct IndexInput {
  DType dtype;
  Dim at(const RunArgs& args, Dim i, int input = 1) const {
    if (dtype == DType::i32) return args.input<int32_t>(input)[i];
    if (dtype == DType::u8) return args.input<uint8_t>(input)[i];
    return args.input<int64_t>(input)[i];
  }
};

// Which element of params an element of gather(params, indices) is.
struct Gathered {
  Shape params, indices;
  int axis;
  IndexInput input;

  Gathered(const KernelRequest& r)
      : params(r.in[0].shape),
        indices(r.in[1].shape),
        axis(normalize_axis(r.attrs.integer("axis", 0), params.rank(), r.op)),
        input{r.in[1].dtype} {}

  // -1 where the index lies outside the axis.
  Dim origin(const RunArgs& args, const Index& index) const {
    Index at{}, from{};
    for (int i = 0; i < axis; ++i) from[i] = index[i];
    for (int i = 0; i < indices.rank(); ++i) at[i] = index[axis + i];
    for (int i = axis + 1; i < params.rank(); ++i) from[i] = index[i - 1 + indices.rank()];
    from[axis] = input.at(args, offset_of(indices, at));
    if (from[axis] < 0 || from[axis] >= params[axis]) return -1;
    return offset_of(params, from);
  }
};

struct Along {
  Shape x, indices;
  int axis;
  IndexInput input;

  Along(const KernelRequest& r)
      : x(r.in[0].shape),
        indices(r.in[1].shape),
        axis(normalize_axis(r.attrs.integer("axis", -1), x.rank(), r.op)),
        input{r.in[1].dtype} {}

  Dim origin(const RunArgs& args, Index index) const {
    index[axis] = input.at(args, offset_of(indices, index));
    if (index[axis] < 0 || index[axis] >= x[axis]) return -1;
    return offset_of(x, index);
  }
};

template <class Where>
std::unique_ptr<Kernel> make_read(const KernelRequest& r) {
  return make_pull(r, [where = Where(r)](const RunArgs& args, int, const Index& index) {
    const Dim origin = where.origin(args, index);
    return Origin{origin < 0 ? -1 : 0, origin};
  });
}

template <class Where>
std::unique_ptr<Kernel> make_added(const KernelRequest& r, std::string& refusal) {
  const auto target = [where = Where(r)](const RunArgs& args, const Index& index) {
    return where.origin(args, index);
  };
  return make_push(r, 2, target, refusal);
}

class OneHot : public Kernel {
 public:
  explicit OneHot(const KernelRequest& r) : type_(r.out[0]), indices_{r.in[0].dtype} {}
  void run(const RunArgs& args) const override {
    const Dim depth = type_.shape.back();
    const size_t width = size_of(type_.dtype);
    const auto one = element_bytes(1, type_.dtype), zero = element_bytes(0, type_.dtype);
    for_each_index(type_.shape, [&](const Index& index, Dim position) {
      const Dim wanted = indices_.at(args, position / depth, 0);
      const bool hit = wanted == index[type_.shape.rank() - 1];
      std::memcpy(args.output<char>(0) + width * position, hit ? one.data() : zero.data(), width);
    });
  }

 private:
  TensorType type_;
  IndexInput indices_;
};

template <class T>
bool is_nan(T x) {
  return x != x;
}

template <class T>
class TopK : public Kernel {
 public:
  explicit TopK(const KernelRequest& r)
      : n_(r.in[0].shape.back()),
        k_(r.out[0].shape.back()),
        rows_(r.in[0].shape.elements(0, r.in[0].shape.rank() - 1)) {}
  size_t workspace_bytes() const override { return static_cast<size_t>(n_) * sizeof(int32_t); }

  void run(const RunArgs& args) const override {
    auto* order = static_cast<int32_t*>(args.workspace);
    for (Dim row = 0; row < rows_; ++row) {
      const T* x = args.input<T>(0) + row * n_;
      for (Dim i = 0; i < n_; ++i) order[i] = static_cast<int32_t>(i);
      std::sort(order, order + n_, [x](int32_t a, int32_t b) {
        if (is_nan(x[a]) || is_nan(x[b])) return is_nan(x[a]) && (!is_nan(x[b]) || a < b);
        return x[a] > x[b] || (x[a] == x[b] && a < b);
      });
      for (Dim i = 0; i < k_; ++i) {
        args.output<T>(0)[row * k_ + i] = x[order[i]];
        args.output<int32_t>(1)[row * k_ + i] = order[i];
      }
    }
  }

 private:
  Dim n_, k_, rows_;
};

template <class T>
class InTopK : public Kernel {
 public:
  explicit InTopK(const KernelRequest& r)
      : rows_(r.in[0].shape[0]),
        n_(r.in[0].shape[1]),
        k_(r.attrs.integer("k")),
        targets_{r.in[1].dtype} {}

  void run(const RunArgs& args) const override {
    for (Dim row = 0; row < rows_; ++row) {
      const T* x = args.input<T>(0) + row * n_;
      const Dim target = targets_.at(args, row);
      bool found = target >= 0 && target < n_;
      Dim larger = 0;
      for (Dim i = 0; found && i < n_; ++i) {
        if (!std::isfinite(static_cast<double>(x[i]))) found = false;
        else if (x[i] > x[target]) ++larger;
      }
      args.output<bool>(0)[row] = found && larger < k_;
    }
  }

 private:
  Dim rows_, n_, k_;
  IndexInput targets_;
};

template <template <class> class K>
std::unique_ptr<Kernel> make_for_numbers(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f16 || r.in[0].dtype == DType::bf16) {
    refusal = "numbers of " + std::string(name_of(r.in[0].dtype)) + " are not compared";
    return nullptr;
  }
  return dispatch(r.in[0].dtype, [&](auto zero) -> std::unique_ptr<Kernel> {
    return std::make_unique<K<decltype(zero)>>(r);
  });
}

}  // namespace

std::unique_ptr<Kernel> make_gather(const KernelRequest& r, std::string&) {
  return make_read<Gathered>(r);
}
std::unique_ptr<Kernel> make_scatter_add(const KernelRequest& r, std::string& refusal) {
  return make_added<Gathered>(r, refusal);
}
std::unique_ptr<Kernel> make_take_along(const KernelRequest& r, std::string&) {
  return make_read<Along>(r);
}
std::unique_ptr<Kernel> make_put_along(const KernelRequest& r, std::string& refusal) {
  return make_added<Along>(r, refusal);
}
std::unique_ptr<Kernel> make_one_hot(const KernelRequest& r, std::string&) {
  return std::make_unique<OneHot>(r);
}
std::unique_ptr<Kernel> make_top_k(const KernelRequest& r, std::string& refusal) {
  return make_for_numbers<TopK>(r, refusal);
}
std::unique_ptr<Kernel> make_in_top_k(const KernelRequest& r, std::string& refusal) {
  return make_for_numbers<InTopK>(r, refusal);
}

}  // namespace kn::cpu::ref
