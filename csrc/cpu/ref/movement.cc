#include "cpu/ref/movement.h"

#include "cpu/ref/moves.h"

namespace kn::cpu::ref {

namespace {

int axis_of(const KernelRequest& r, int rank) {
  return normalize_axis(r.attrs.integer("axis"), rank, r.op);
}

}  // namespace

std::unique_ptr<Kernel> make_transpose(const KernelRequest& r, std::string&) {
  return make_pull(
      r, [x = r.in[0].shape, perm = r.attrs.ints("perm")](const RunArgs&, int, const Index& index) {
        Index from{};
        for (int i = 0; i < x.rank(); ++i) from[perm[i]] = index[i];
        return Origin{0, offset_of(x, from)};
      });
}

std::unique_ptr<Kernel> make_concat(const KernelRequest& r, std::string&) {
  const std::vector<TensorType> in(r.in.begin(), r.in.end());
  return make_pull(r,
                   [in, axis = axis_of(r, in[0].shape.rank())](const RunArgs&, int, Index index) {
                     int input = 0;
                     while (index[axis] >= in[input].shape[axis])
                       index[axis] -= in[input++].shape[axis];
                     return Origin{input, offset_of(in[input].shape, index)};
                   });
}

std::unique_ptr<Kernel> make_stack(const KernelRequest& r, std::string&) {
  return make_pull(r, [x = r.in[0].shape, axis = axis_of(r, r.out[0].shape.rank())](
                          const RunArgs&, int, const Index& index) {
    Index from{};
    for (int i = 0; i < x.rank(); ++i) from[i] = index[i < axis ? i : i + 1];
    return Origin{static_cast<int>(index[axis]), offset_of(x, from)};
  });
}

std::unique_ptr<Kernel> make_split(const KernelRequest& r, std::string&) {
  const Shape x = r.in[0].shape;
  const int axis = axis_of(r, x.rank());
  std::vector<Dim> begins(1, 0);
  for (const TensorType& part : r.out) begins.push_back(begins.back() + part.shape[axis]);
  return make_pull(r, [x, axis, begins](const RunArgs&, int output, Index index) {
    index[axis] += begins[output];
    return Origin{0, offset_of(x, index)};
  });
}

std::unique_ptr<Kernel> make_tile(const KernelRequest& r, std::string&) {
  return make_pull(r, [x = r.in[0].shape](const RunArgs&, int, Index index) {
    for (int i = 0; i < x.rank(); ++i) index[i] %= x[i];
    return Origin{0, offset_of(x, index)};
  });
}

std::unique_ptr<Kernel> make_tile_sum(const KernelRequest& r, std::string& refusal) {
  const auto target = [part = r.out[0].shape](const RunArgs&, Index index) {
    for (int i = 0; i < part.rank(); ++i) index[i] %= part[i];
    return offset_of(part, index);
  };
  return make_push(r, 0, target, refusal);
}

std::unique_ptr<Kernel> make_repeat(const KernelRequest& r, std::string&) {
  const Shape x = r.in[0].shape;
  return make_pull(r, [x, axis = axis_of(r, x.rank()), repeats = r.attrs.integer("repeats")](
                          const RunArgs&, int, Index index) {
    index[axis] /= repeats;
    return Origin{0, offset_of(x, index)};
  });
}

std::unique_ptr<Kernel> make_repeat_sum(const KernelRequest& r, std::string& refusal) {
  const Shape out = r.out[0].shape;
  const auto target = [out, axis = axis_of(r, out.rank()), repeats = r.attrs.integer("repeats")](
                          const RunArgs&, Index index) {
    index[axis] /= repeats;
    return offset_of(out, index);
  };
  return make_push(r, 0, target, refusal);
}

}  // namespace kn::cpu::ref
