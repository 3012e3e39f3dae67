// Shapes as values. Plans fold these to constants; the kernels exist for folding itself.
#include "cpu/families.h"

namespace kn::cpu {

namespace {

class ShapeOf : public Kernel {
 public:
  explicit ShapeOf(const Shape& shape) : shape_(shape) {}
  void run(const RunArgs& args) const override {
    for (int i = 0; i < shape_.rank(); ++i) args.output<int64_t>(0)[i] = shape_[i];
  }

 private:
  Shape shape_;
};

class SizeOf : public Kernel {
 public:
  explicit SizeOf(Dim size) : size_(size) {}
  void run(const RunArgs& args) const override { *args.output<int64_t>(0) = size_; }

 private:
  Dim size_;
};

std::unique_ptr<Kernel> make_shape_of(const KernelRequest& r, std::string&) {
  return std::make_unique<ShapeOf>(r.in[0].shape);
}
std::unique_ptr<Kernel> make_size_of(const KernelRequest& r, std::string&) {
  return std::make_unique<SizeOf>(r.in[0].shape.elements());
}

const Candidate kShapeOf[] = {{"ref", make_shape_of, true}};
const Candidate kSizeOf[] = {{"ref", make_size_of, true}};
const OpKernels kKernels[] = {{"shape_of", kShapeOf}, {"size_of", kSizeOf}};

}  // namespace

std::span<const OpKernels> shape_kernels() { return kKernels; }

}  // namespace kn::cpu
