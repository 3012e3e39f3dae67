// transpose, concat, stack, split, tile, repeat as strided copies; tile_sum and repeat_sum as
// strided sums.
#include "cpu/movement.h"

#include "cpu/families.h"
#include "cpu/ref/movement.h"
#include "cpu/strided.h"

namespace kn::cpu {

void Copies::add(int input, Dim from, int output, Dim to, std::vector<StridedAxis> axes) {
  const Dim width = static_cast<Dim>(width_);
  parts_.push_back({input, output, from * width, to * width, StridedCopy(std::move(axes), width_)});
}

void Copies::run(const RunArgs& args) const {
  for (const Part& p : parts_)
    p.copy.run(args.input<char>(p.input) + p.from, args.output<char>(p.output) + p.to, args.pool);
}

namespace {

// A dense tensor on both sides, with the strides of `to`'s shape.
std::vector<StridedAxis> axes_between(const Shape& counts, const Shape& from, const Shape& to) {
  const auto from_strides = strides_of(from), to_strides = strides_of(to);
  std::vector<StridedAxis> axes;
  for (int i = 0; i < counts.rank(); ++i)
    axes.push_back({counts[i], from_strides[i], to_strides[i]});
  return axes;
}

int axis_of(const KernelRequest& r, int rank) {
  return normalize_axis(r.attrs.integer("axis"), rank, r.op);
}

std::unique_ptr<Kernel> make_transpose(const KernelRequest& r, std::string&) {
  const Ints& perm = r.attrs.ints("perm");
  const auto from = strides_of(r.in[0].shape), to = strides_of(r.out[0].shape);
  std::vector<StridedAxis> axes;
  for (size_t i = 0; i < perm.size(); ++i)
    axes.push_back({r.out[0].shape[static_cast<int>(i)], from[perm[i]], to[i]});
  auto kernel = std::make_unique<Copies>(r.in[0].dtype);
  kernel->add(0, 0, 0, 0, std::move(axes));
  return kernel;
}

std::unique_ptr<Kernel> make_concat(const KernelRequest& r, std::string&) {
  const Shape& whole = r.out[0].shape;
  const int axis = axis_of(r, whole.rank());
  const Dim step = strides_of(whole)[axis];
  auto kernel = std::make_unique<Copies>(r.out[0].dtype);
  Dim at = 0;
  for (int i = 0; i < static_cast<int>(r.in.size()); ++i) {
    const Shape& part = r.in[i].shape;
    kernel->add(i, 0, 0, at * step, axes_between(part, part, whole));
    at += part[axis];
  }
  return kernel;
}

std::unique_ptr<Kernel> make_stack(const KernelRequest& r, std::string&) {
  const int axis = axis_of(r, r.out[0].shape.rank());
  const Dim step = strides_of(r.out[0].shape)[axis];
  Shape part = r.in[0].shape;
  part.insert(axis, 1);
  auto kernel = std::make_unique<Copies>(r.out[0].dtype);
  for (int i = 0; i < static_cast<int>(r.in.size()); ++i)
    kernel->add(i, 0, 0, i * step, axes_between(part, part, r.out[0].shape));
  return kernel;
}

std::unique_ptr<Kernel> make_split(const KernelRequest& r, std::string&) {
  const Shape& whole = r.in[0].shape;
  const int axis = axis_of(r, whole.rank());
  const Dim step = strides_of(whole)[axis];
  auto kernel = std::make_unique<Copies>(r.in[0].dtype);
  Dim at = 0;
  for (int i = 0; i < static_cast<int>(r.out.size()); ++i) {
    const Shape& part = r.out[i].shape;
    kernel->add(0, at * step, i, 0, axes_between(part, whole, part));
    at += part[axis];
  }
  return kernel;
}

// Loops over `large`, whose axis i is `repeats` times the axis of `small`: tiles repeat the whole
// axis, others each element.
std::vector<StridedAxis> repeat_axes(const Shape& small, const Shape& large, bool tiles) {
  const auto from = strides_of(small), to = strides_of(large);
  std::vector<StridedAxis> axes;
  for (int i = 0; i < small.rank(); ++i) {
    const Dim n = small[i], repeats = n ? large[i] / n : 0;
    if (tiles) {
      axes.push_back({repeats, 0, n * to[i]});
      axes.push_back({n, from[i], to[i]});
    } else {
      axes.push_back({n, from[i], repeats * to[i]});
      axes.push_back({repeats, 0, to[i]});
    }
  }
  return axes;
}

template <bool tiles>
std::unique_ptr<Kernel> make_repeat(const KernelRequest& r, std::string&) {
  auto kernel = std::make_unique<Copies>(r.in[0].dtype);
  kernel->add(0, 0, 0, 0, repeat_axes(r.in[0].shape, r.out[0].shape, tiles));
  return kernel;
}

template <class T>
class Summed : public Kernel {
 public:
  Summed(std::vector<StridedAxis> axes, Dim targets) : sum_(std::move(axes), targets) {}
  void run(const RunArgs& args) const override {
    sum_.run(args.input<T>(0), args.output<T>(0), args.pool);
  }

 private:
  StridedSum<T> sum_;
};

template <bool tiles>
std::unique_ptr<Kernel> make_sum(const KernelRequest& r, std::string& refusal) {
  std::vector<StridedAxis> axes = repeat_axes(r.out[0].shape, r.in[0].shape, tiles);
  for (StridedAxis& a : axes) a.to = a.from;  // backward: from the repeated to the single
  const Dim targets = r.out[0].shape.elements();
  switch (r.in[0].dtype) {
    case DType::f32: return std::make_unique<Summed<float>>(std::move(axes), targets);
    case DType::f64: return std::make_unique<Summed<double>>(std::move(axes), targets);
    case DType::i32: return std::make_unique<Summed<int32_t>>(std::move(axes), targets);
    case DType::i64: return std::make_unique<Summed<int64_t>>(std::move(axes), targets);
    default: break;
  }
  refusal = "sums of " + std::string(name_of(r.in[0].dtype)) + " are not hot";
  return nullptr;
}

const Candidate kTranspose[] = {{"strided", make_transpose, true},
                                {"ref", ref::make_transpose, true}};
const Candidate kConcat[] = {{"strided", make_concat, true}, {"ref", ref::make_concat, true}};
const Candidate kStack[] = {{"strided", make_stack, true}, {"ref", ref::make_stack, true}};
const Candidate kSplit[] = {{"strided", make_split, true}, {"ref", ref::make_split, true}};
const Candidate kTile[] = {{"strided", make_repeat<true>, true}, {"ref", ref::make_tile, true}};
const Candidate kTileSum[] = {{"strided", make_sum<true>}, {"ref", ref::make_tile_sum}};
const Candidate kRepeat[] = {{"strided", make_repeat<false>, true},
                             {"ref", ref::make_repeat, true}};
const Candidate kRepeatSum[] = {{"strided", make_sum<false>}, {"ref", ref::make_repeat_sum}};

const OpKernels kKernels[] = {
    {"transpose", kTranspose}, {"concat", kConcat},    {"stack", kStack},
    {"split", kSplit},         {"split_like", kSplit}, {"tile", kTile},
    {"tile_sum", kTileSum},    {"repeat", kRepeat},    {"repeat_sum", kRepeatSum},
};

}  // namespace

std::span<const OpKernels> movement_kernels() { return kKernels; }

}  // namespace kn::cpu
