#include "cpu/ref/movement.h"
#include "cpu/ref/moves.h"

namespace kn::cpu::ref {

namespace {

// Element `index` is value(index), rounded to the dtype.
template <class ValueAt>
class Made : public Kernel {
 public:
  Made(const TensorType& type, ValueAt value) : type_(type), value_(std::move(value)) {}
  void run(const RunArgs& args) const override {
    const size_t width = size_of(type_.dtype);
    for_each_index(type_.shape, [&](const Index& index, Dim position) {
      const auto bytes = element_bytes(value_(index), type_.dtype);
      std::memcpy(args.output<char>(0) + width * position, bytes.data(), width);
    });
  }

 private:
  TensorType type_;
  ValueAt value_;
};

template <class ValueAt>
std::unique_ptr<Kernel> make_made(const KernelRequest& r, ValueAt value) {
  return std::make_unique<Made<ValueAt>>(r.out[0], std::move(value));
}

}  // namespace

std::unique_ptr<Kernel> make_full(const KernelRequest& r, std::string&) {
  return make_made(r, [value = r.attrs.number("value")](const Index&) { return value; });
}

std::unique_ptr<Kernel> make_arange(const KernelRequest& r, std::string&) {
  const double start = r.attrs.number("start", 0), step = r.attrs.number("step", 1);
  return make_made(r, [start, step](const Index& index) {
    return start + static_cast<double>(index[0]) * step;
  });
}

std::unique_ptr<Kernel> make_eye(const KernelRequest& r, std::string&) {
  return make_made(r, [](const Index& index) { return index[0] == index[1] ? 1.0 : 0.0; });
}

}  // namespace kn::cpu::ref
