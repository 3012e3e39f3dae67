// Ops that put elements elsewhere: each output (or each input's part of it) is one strided copy.
#include <vector>

#include "copy.h"
#include "families.h"

namespace kn::cuda {

namespace {

// Copies of n elements each.
class Copies : public Kernel {
 public:
  explicit Copies(const KernelRequest& r) : width_(size_of(r.out[0].dtype)) {}
  void add(int input, const Strided& from, int output, const Strided& to) {
    parts_.push_back({input, output, from, to, to.count()});
  }
  void run(const RunArgs& args) const override {
    for (const Part& p : parts_)
      copy_elements(args, p.count, width_, args.in[p.input], p.from, args.out[p.output], p.to);
  }

 private:
  struct Part {
    int input, output;
    Strided from, to;
    int64_t count;
  };
  size_t width_;
  std::vector<Part> parts_;
};

int axis_of(const KernelRequest& r, int rank) {
  return normalize_axis(r.attrs.integer("axis"), rank, r.op);
}

// The elements of `part` at `begin` of `axis` within a tensor of shape `whole`.
Strided window(const Shape& part, const Shape& whole, int axis, Dim begin) {
  const auto strides = strides_of(whole);
  Strided walk;
  walk.base = begin * strides[axis];
  for (int i = 0; i < part.rank(); ++i) walk.push(part[i], strides[i]);
  return walk;
}

std::unique_ptr<Kernel> make_transpose(const KernelRequest& r, std::string&) {
  auto kernel = std::make_unique<Copies>(r);
  const Shape& x = r.in[0].shape;
  const auto strides = strides_of(x);
  Strided from;
  for (int64_t axis : r.attrs.ints("perm")) from.push(x[static_cast<int>(axis)], strides[axis]);
  kernel->add(0, from, 0, dense(x.elements()));
  return kernel;
}

std::unique_ptr<Kernel> make_concat(const KernelRequest& r, std::string&) {
  auto kernel = std::make_unique<Copies>(r);
  const int axis = axis_of(r, r.out[0].shape.rank());
  Dim begin = 0;
  for (int i = 0; i < static_cast<int>(r.in.size()); ++i) {
    const Shape& part = r.in[i].shape;
    kernel->add(i, dense(part.elements()), 0, window(part, r.out[0].shape, axis, begin));
    begin += part[axis];
  }
  return kernel;
}

std::unique_ptr<Kernel> make_stack(const KernelRequest& r, std::string&) {
  auto kernel = std::make_unique<Copies>(r);
  const Shape& whole = r.out[0].shape;
  const int axis = axis_of(r, whole.rank());
  Shape part = whole;
  part[axis] = 1;
  for (int i = 0; i < static_cast<int>(r.in.size()); ++i)
    kernel->add(i, dense(part.elements()), 0, window(part, whole, axis, i));
  return kernel;
}

std::unique_ptr<Kernel> make_split(const KernelRequest& r, std::string&) {
  auto kernel = std::make_unique<Copies>(r);
  const Shape& whole = r.in[0].shape;
  const int axis = axis_of(r, whole.rank());
  Dim begin = 0;
  for (int o = 0; o < static_cast<int>(r.out.size()); ++o) {
    const Shape& part = r.out[o].shape;
    kernel->add(0, window(part, whole, axis, begin), o, dense(part.elements()));
    begin += part[axis];
  }
  return kernel;
}

std::unique_ptr<Kernel> make_tile(const KernelRequest& r, std::string&) {
  auto kernel = std::make_unique<Copies>(r);
  const Shape &x = r.in[0].shape, &out = r.out[0].shape;
  const auto strides = strides_of(x);
  Strided from;
  for (int i = 0; i < x.rank(); ++i) {
    from.push(x[i] ? out[i] / x[i] : 0, 0);
    from.push(x[i], strides[i]);
  }
  kernel->add(0, from, 0, dense(out.elements()));
  return kernel;
}

std::unique_ptr<Kernel> make_repeat(const KernelRequest& r, std::string&) {
  auto kernel = std::make_unique<Copies>(r);
  const Shape& x = r.in[0].shape;
  const int axis = axis_of(r, x.rank());
  const auto strides = strides_of(x);
  Strided from;
  for (int i = 0; i < x.rank(); ++i) {
    from.push(x[i], strides[i]);
    if (i == axis) from.push(r.attrs.integer("repeats"), 0);
  }
  kernel->add(0, from, 0, dense(r.out[0].shape.elements()));
  return kernel;
}

const Candidate kTranspose[] = {{"strided", make_transpose, true}};
const Candidate kConcat[] = {{"strided", make_concat, true}};
const Candidate kStack[] = {{"strided", make_stack, true}};
const Candidate kSplit[] = {{"strided", make_split, true}};
const Candidate kTile[] = {{"strided", make_tile, true}};
const Candidate kRepeat[] = {{"strided", make_repeat, true}};

const OpKernels kKernels[] = {
    {"transpose", kTranspose}, {"concat", kConcat}, {"stack", kStack},   {"split", kSplit},
    {"split_like", kSplit},    {"tile", kTile},     {"repeat", kRepeat},
};

}  // namespace

std::span<const OpKernels> movement_kernels() { return kKernels; }

}  // namespace kn::cuda
