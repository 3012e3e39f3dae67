// The products of a layer whose recurrent kernel does not fit the chip: one of the op `matmul` per
// step and group of gates. Gates are in one group unless their products see different things (a
// mask of its own for each, or a reset gate that acts before the product); then the kernel's
// columns are first laid out group by group.
#pragma once

#include <vector>

#include "families.h"
#include "recurrent.h"

namespace kn::cuda {

struct GateGroup {
  int first, count;
};

inline std::vector<GateGroup> gate_groups(const Recurrence& r) {
  std::vector<GateGroup> groups;
  if (r.apart)
    for (int k = 0; k < r.gates(); ++k) groups.push_back({k, 1});
  else if (r.cell == RecurrentCell::gru) groups = {{0, 2}, {2, 1}};
  else groups.push_back({0, r.gates()});
  return groups;
}

// to (units, count * units): the columns of a group.
template <class T>
struct LayOutColumns {
  const T* kernel;
  T* to;
  int64_t units;
  int gates, first, count;
  __device__ void operator()(int64_t i) const {
    const int64_t width = count * units, row = i / width;
    to[i] = kernel[row * gates * units + first * units + i % width];
  }
};

template <class T>
class GroupProducts {
 public:
  // back: (rows, count U) · columnsᵀ; else (rows, U) · columns.
  GroupProducts(const KernelRequest& r, const Recurrence& recurrence, int64_t rows, int64_t units,
                bool back)
      : groups_(gate_groups(recurrence)),
        rows_(rows),
        units_(units),
        gates_(recurrence.gates()),
        back_(back) {
    for (const GateGroup& g : groups_) {
      const TensorType kernel{r.in[0].dtype, {units, g.count * units}};
      const TensorType wide{r.in[0].dtype, {rows, g.count * units}};
      const TensorType state{r.in[0].dtype, {rows, units}};
      const TensorType in[] = {back ? wide : state, kernel}, out[] = {back ? state : wide};
      const HostTensor* const unknown[] = {nullptr, nullptr};
      const Attrs attrs{{"transpose_b", back}};
      const KernelRequest request{"matmul", attrs, in, out, nullptr, unknown, r.source};
      if (auto product = make_product(request)) products_.push_back(std::move(product));
    }
  }

  bool complete() const { return products_.size() == groups_.size(); }
  const std::vector<GateGroup>& groups() const { return groups_; }
  bool apart() const { return groups_.size() > 1; }

  // Elements of the workspace: laid-out columns, then what the products need.
  size_t columns() const { return apart() ? static_cast<size_t>(units_ * units_ * gates_) : 0; }
  size_t workspace_bytes() const {
    size_t most = 0;
    for (const auto& p : products_) most = std::max(most, p->workspace_bytes());
    return columns() * sizeof(T) + most;
  }

  // Once per sequence.
  void lay_out(const RunArgs& args, const T* kernel, T* workspace) const {
    for (const GateGroup& g : groups_)
      if (apart())
        each(args, g.count * units_ * units_,
             LayOutColumns<T>{kernel, workspace + g.first * units_ * units_, units_, gates_,
                              g.first, g.count});
  }

  void multiply(const RunArgs& args, size_t group, const T* x, const T* kernel, T* workspace,
                T* to) const {
    const T* columns_of = apart() ? workspace + groups_[group].first * units_ * units_ : kernel;
    const void* in[] = {x, columns_of};
    void* out[] = {to};
    RunArgs one = args;
    one.in = in;
    one.out = out;
    one.workspace = workspace + columns();
    products_[group]->run(one);
  }

 private:
  // The fastest one for plans; tests of a kernel by itself get the last one, which rounds nothing.
  static std::unique_ptr<Kernel> make_product(const KernelRequest& request) {
    const auto all = find_candidates("matmul");
    std::string why;
    if (!request.source) return all.back().make(request, why);
    for (const Candidate& c : all)
      if (auto product = c.make(request, why)) return product;
    return nullptr;
  }

  std::vector<GateGroup> groups_;
  std::vector<std::unique_ptr<Kernel>> products_;
  int64_t rows_, units_;
  int gates_;
  bool back_;
};

// Layers of fewer units are better off with the kernel of few rows (recurrent_forward.cu), which
// reads what fits a cache.
inline constexpr int64_t kLeastUnitsOfProducts = 128;

inline bool products_pay(const KernelRequest& r, int64_t units, std::string& why) {
  if (!r.source || units >= kLeastUnitsOfProducts) return true;
  why = "too few units for a product per step";
  return false;
}

std::unique_ptr<SequenceKernel> make_steps_forward(const KernelRequest& r, std::string& why);
std::unique_ptr<SequenceKernel> make_steps_back(const KernelRequest& r, std::string& why);

}  // namespace kn::cuda
