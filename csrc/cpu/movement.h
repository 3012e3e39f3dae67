// A kernel made of strided copies from inputs to outputs.
#pragma once

#include "cpu/strided.h"
#include "runtime/kernel.h"

namespace kn::cpu {

class Copies : public Kernel {
 public:
  explicit Copies(DType dtype) : width_(size_of(dtype)) {}
  // Copies along `axes` from element `from` of an input to element `to` of an output.
  void add(int input, Dim from, int output, Dim to, std::vector<StridedAxis> axes);
  void run(const RunArgs& args) const override;

 private:
  struct Part {
    int input, output;
    Dim from, to;  // bytes
    StridedCopy copy;
  };

  size_t width_;
  std::vector<Part> parts_;
};

}  // namespace kn::cpu
