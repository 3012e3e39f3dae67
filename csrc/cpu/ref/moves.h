// The plain truth of ops that move elements: one element at a time, by its index.
#pragma once

#include <array>
#include <cstring>

#include "cpu/families.h"

namespace kn::cpu::ref {

using Index = std::array<Dim, kMaxRank>;

// Calls f(index, position) for each element of `shape` in row-major order.
template <class F>
void for_each_index(const Shape& shape, F f) {
  const Dim n = shape.elements();
  Index index{};
  for (Dim position = 0; position < n; ++position) {
    f(index, position);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

inline Dim offset_of(const Shape& shape, const Index& index) {
  Dim offset = 0;
  for (int i = 0; i < shape.rank(); ++i) offset = offset * shape[i] + index[i];
  return offset;
}

// Where an element of an output comes from: an element of an input, or (input -1) the filler.
struct Origin {
  int input;
  Dim offset;
};

// Fills every output: element `index` of output o is a copy of origin(args, o, index).
template <class OriginOf>
class Pull : public Kernel {
 public:
  Pull(const KernelRequest& r, OriginOf origin)
      : outputs_(r.out.begin(), r.out.end()), origin_(std::move(origin)) {}

  void run(const RunArgs& args) const override {
    for (int o = 0; o < static_cast<int>(outputs_.size()); ++o) {
      const size_t width = size_of(outputs_[o].dtype);
      for_each_index(outputs_[o].shape, [&](const Index& index, Dim position) {
        const Origin from = origin_(args, o, index);
        const void* source = from.input < 0 ? static_cast<const void*>(filler_.data())
                                            : args.input<char>(from.input) + width * from.offset;
        std::memcpy(args.output<char>(o) + width * position, source, width);
      });
    }
  }

  void set_filler(double value);

 private:
  std::vector<TensorType> outputs_;
  OriginOf origin_;
  std::array<char, 8> filler_{};
};

// Makes output 0 zeros, then adds element `index` of one input at target(args, index); a negative
// target is left out. In row-major order of the input.
template <class T, class TargetOf>
class Push : public Kernel {
 public:
  Push(const KernelRequest& r, int input, TargetOf target)
      : input_(input),
        from_(r.in[input].shape),
        size_(r.out[0].shape.elements()),
        target_(std::move(target)) {}

  void run(const RunArgs& args) const override {
    T* out = args.output<T>(0);
    for (Dim i = 0; i < size_; ++i) out[i] = T{};
    for_each_index(from_, [&](const Index& index, Dim position) {
      const Dim to = target_(args, index);
      if (to >= 0) out[to] = static_cast<T>(out[to] + args.input<T>(input_)[position]);
    });
  }

 private:
  int input_;
  Shape from_;
  Dim size_;
  TargetOf target_;
};

template <class OriginOf>
std::unique_ptr<Kernel> make_pull(const KernelRequest& r, OriginOf origin, double filler = 0) {
  auto kernel = std::make_unique<Pull<OriginOf>>(r, std::move(origin));
  kernel->set_filler(filler);
  return kernel;
}

// nullptr where the dtype holds no numbers that are computed on.
template <class TargetOf>
std::unique_ptr<Kernel> make_push(const KernelRequest& r, int input, TargetOf target,
                                  std::string& refusal) {
  const DType dtype = r.out[0].dtype;
  if (dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::b8) {
    refusal = "sums of " + std::string(name_of(dtype)) + " are not computed";
    return nullptr;
  }
  return dispatch(dtype, [&](auto zero) -> std::unique_ptr<Kernel> {
    return std::make_unique<Push<decltype(zero), TargetOf>>(r, input, std::move(target));
  });
}

// `value` as an element of `dtype`.
std::array<char, 8> element_bytes(double value, DType dtype);

template <class OriginOf>
void Pull<OriginOf>::set_filler(double value) {
  filler_ = element_bytes(value, outputs_[0].dtype);
}

}  // namespace kn::cpu::ref
