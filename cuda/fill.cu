// Tensors made from nothing.
#include <bit>
#include <cstring>

#include "base/half.h"
#include "copy.h"
#include "families.h"

namespace kn::cuda {

uint64_t element_bits(double value, DType dtype) {
  if (dtype == DType::f16) return float_to_f16(static_cast<float>(value));
  if (dtype == DType::bf16) return float_to_bf16(static_cast<float>(value));
  return dispatch(dtype, [&](auto zero) {
    const auto element = static_cast<decltype(zero)>(value);
    uint64_t bits = 0;
    std::memcpy(&bits, &element, sizeof element);
    return bits;
  });
}

namespace {

class Full : public Kernel {
 public:
  explicit Full(const KernelRequest& r)
      : count_(r.out[0].shape.elements()),
        width_(size_of(r.out[0].dtype)),
        bits_(element_bits(r.attrs.number("value"), r.out[0].dtype)) {}
  void run(const RunArgs& args) const override {
    fill_elements(args, count_, width_, args.out[0], bits_);
  }

 private:
  int64_t count_;
  size_t width_;
  uint64_t bits_;
};

// start + i * step, computed in double as on the CPU.
template <class T>
struct Ramp {
  T* out;
  double start, step;
  __device__ void operator()(int64_t i) const {
    out[i] = static_cast<T>(start + static_cast<double>(i) * step);
  }
};

template <class T>
class Arange : public Kernel {
 public:
  explicit Arange(const KernelRequest& r)
      : count_(r.out[0].shape.elements()),
        start_(r.attrs.number("start", 0)),
        step_(r.attrs.number("step", 1)) {}
  void run(const RunArgs& args) const override {
    each(args, count_, Ramp<T>{args.output<T>(0), start_, step_});
  }

 private:
  int64_t count_;
  double start_, step_;
};

template <class T>
struct Diagonal {
  T *out, one;
  int64_t columns;
  __device__ void operator()(int64_t i) const { out[i] = i / columns == i % columns ? one : T{}; }
};

class Eye : public Kernel {
 public:
  explicit Eye(const KernelRequest& r) : type_(r.out[0]), one_(element_bits(1, type_.dtype)) {}
  void run(const RunArgs& args) const override {
    with_width(size_of(type_.dtype), [&](auto zero) {
      using T = decltype(zero);
      each(args, type_.shape.elements(),
           Diagonal<T>{args.output<T>(0), static_cast<T>(one_), type_.shape.back()});
    });
  }

 private:
  TensorType type_;
  uint64_t one_;
};

std::unique_ptr<Kernel> make_full(const KernelRequest& r, std::string&) {
  return std::make_unique<Full>(r);
}

std::unique_ptr<Kernel> make_arange(const KernelRequest& r, std::string& refusal) {
  if (r.out[0].dtype == DType::f16 || r.out[0].dtype == DType::bf16) {
    refusal = "float16 and bfloat16 are not computed";
    return nullptr;
  }
  return dispatch(r.out[0].dtype, [&](auto zero) -> std::unique_ptr<Kernel> {
    return std::make_unique<Arange<decltype(zero)>>(r);
  });
}

std::unique_ptr<Kernel> make_eye(const KernelRequest& r, std::string&) {
  return std::make_unique<Eye>(r);
}

const Candidate kFull[] = {{"fill", make_full, true}};
const Candidate kArange[] = {{"ramp", make_arange}};
const Candidate kEye[] = {{"diagonal", make_eye}};

const OpKernels kKernels[] = {{"full", kFull}, {"arange", kArange}, {"eye", kEye}};

}  // namespace

std::span<const OpKernels> fill_kernels() { return kKernels; }

}  // namespace kn::cuda
