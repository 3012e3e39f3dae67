// Updates of a table of which few rows have a gradient: (p, indices, updates, slots, scalars) ->
// new p, new slots. The rows' gradients are summed into a dense one, which then updates the table:
// right for every rule. Leaving out the other rows, where the rule allows it, is still to come.
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
  const T *p, *g, *slot[kMaxUpdateSlots], *scalar[kMaxUpdateScalars];
  T *new_p, *new_slot[kMaxUpdateSlots];

  __device__ void operator()(int64_t e) const {
    T s[kMaxUpdateSlots] = {}, k[kMaxUpdateScalars] = {};
    for (int i = 0; i < scalars; ++i) k[i] = *scalar[i];
    for (int i = 0; i < slots; ++i) s[i] = slot[i][e];
    new_p[e] = updated(kind, p[e], g[e], s, k, epsilon);
    for (int i = 0; i < slots; ++i) new_slot[i][e] = s[i];
  }
};

template <class T>
class SparseUpdate : public Kernel {
 public:
  explicit SparseUpdate(const KernelRequest& r)
      : rule_(*find_sparse_update_rule(r.op)),
        index_(r.in[1].dtype),
        rows_(1, r.in[0].shape[0], r.in[0].shape.elements(1, r.in[0].shape.rank()),
              r.in[1].shape.elements()),
        sort_(rows_.count, static_cast<uint64_t>(rows_.extent) + 1),
        epsilon_(static_cast<T>(r.attrs.number("epsilon", 0.0))) {}

  bool in_place(int output, int input) const override {
    return output == 0 ? input == 0 : input == output + 2;
  }
  size_t workspace_bytes() const override { return gradient_bytes() + sort_.workspace_bytes(); }

  void run(const RunArgs& args) const override {
    const int64_t size = rows_.extent * rows_.inner;
    auto* gradient = static_cast<T*>(args.workspace);
    void* lists = static_cast<char*>(args.workspace) + gradient_bytes();
    fill_elements(args, size, sizeof(T), gradient, 0);
    each(args, rows_.count, MakeKeys{{args.in[1], index_}, rows_.extent, sort_.input(lists)});
    sort_.run(args, lists);
    each(args, rows_.count * rows_.inner,
         SumRows<T>{rows_, sort_.sorted(lists), args.input<T>(2), gradient});
    UpdateElement<T> u{
        rule_.kind, rule_.slots, rule_.scalars,     epsilon_, args.input<T>(0), gradient,
        {},         {},          args.output<T>(0), {}};
    for (int i = 0; i < rule_.slots; ++i) {
      u.slot[i] = args.input<T>(3 + i);
      u.new_slot[i] = args.output<T>(1 + i);
    }
    for (int i = 0; i < rule_.scalars; ++i) u.scalar[i] = args.input<T>(3 + rule_.slots + i);
    each(args, size, u);
  }

 private:
  size_t gradient_bytes() const {
    return (static_cast<size_t>(rows_.extent * rows_.inner) * sizeof(T) + 255) / 256 * 256;
  }

  const UpdateRule& rule_;
  DType index_;
  Rows rows_;
  RadixSort sort_;
  T epsilon_;
};

std::unique_ptr<Kernel> make_sparse_update(const KernelRequest& r, std::string& refusal) {
  if (r.in[0].dtype == DType::f32) return std::make_unique<SparseUpdate<float>>(r);
  if (r.in[0].dtype == DType::f64) return std::make_unique<SparseUpdate<double>>(r);
  refusal = "computes float32 and float64";
  return nullptr;
}

const Candidate kUpdate[] = {{"dense", make_sparse_update}};

const OpKernels kKernels[] = {
#define KN_UPDATE_RULE(name, slots, scalars) {"sparse_" #name "_update", kUpdate},
#include "base/update_rules.inc"
#undef KN_UPDATE_RULE
};

}  // namespace

std::span<const OpKernels> sparse_update_kernels() { return kKernels; }

}  // namespace kn::cuda
