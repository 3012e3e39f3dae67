// A tensor in ordinary memory: constants of a graph, arguments and results of a run.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "base/shape.h"

namespace kn {

// What a node may carry besides attributes: a constant's data, a variable's storage, a fused
// program, a loop's body.
struct Payload {
  virtual ~Payload() = default;
};

class HostTensor : public Payload {
 public:
  explicit HostTensor(TensorType type) : type_(type), bytes_(type.bytes()) {}
  HostTensor(TensorType type, const void* data) : HostTensor(type) {
    if (!bytes_.empty()) std::memcpy(bytes_.data(), data, bytes_.size());
  }

  const TensorType& type() const { return type_; }
  const Shape& shape() const { return type_.shape; }
  DType dtype() const { return type_.dtype; }
  size_t bytes() const { return bytes_.size(); }
  void* data() { return bytes_.data(); }
  const void* data() const { return bytes_.data(); }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(bytes_.data());
  }
  template <class T>
  T* as() {
    return reinterpret_cast<T*>(bytes_.data());
  }
  // Element i of an integer (or bool) tensor.
  int64_t integer_at(int64_t i) const;
  // Element i of any type as double.
  double number_at(int64_t i) const;

  // True for scalars and tensors whose elements all equal `value`.
  bool filled_with(double value) const;

 private:
  TensorType type_;
  std::vector<unsigned char> bytes_;
};

using HostTensorPtr = std::shared_ptr<const HostTensor>;

template <class T>
HostTensorPtr host_scalar(T value) {
  auto t = std::make_shared<HostTensor>(TensorType{dtype_of<T>::value, Shape{}});
  *t->template as<T>() = value;
  return t;
}
HostTensorPtr host_ints(const std::vector<int64_t>& values);
// Scalar `value` of any dtype.
HostTensorPtr host_scalar(double value, DType dtype);

}  // namespace kn
