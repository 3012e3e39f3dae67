#include "base/host_tensor.h"

#include "base/error.h"
#include "base/half.h"

namespace kn {

int64_t HostTensor::integer_at(int64_t i) const {
  switch (dtype()) {
    case DType::i32: return as<int32_t>()[i];
    case DType::i64: return as<int64_t>()[i];
    case DType::u8:
    case DType::b8: return as<uint8_t>()[i];
    default: fail<TypeError>("expected an integer tensor, got ", type_);
  }
}

double HostTensor::number_at(int64_t i) const {
  switch (dtype()) {
    case DType::f32: return as<float>()[i];
    case DType::f64: return as<double>()[i];
    case DType::f16: return f16_to_float(as<uint16_t>()[i]);
    case DType::bf16: return bf16_to_float(as<uint16_t>()[i]);
    default: return static_cast<double>(integer_at(i));
  }
}

bool HostTensor::filled_with(double value) const {
  const Dim n = shape().elements();
  if (n == 0) return false;
  for (Dim i = 0; i < n; ++i)
    if (number_at(i) != value) return false;
  return true;
}

HostTensorPtr host_ints(const std::vector<int64_t>& values) {
  return std::make_shared<HostTensor>(
      TensorType{DType::i64, Shape{static_cast<Dim>(values.size())}}, values.data());
}

HostTensorPtr host_scalar(double value, DType dtype) {
  if (is_half(dtype)) {
    const auto x = static_cast<float>(value);
    const uint16_t bits = dtype == DType::f16 ? float_to_f16(x) : float_to_bf16(x);
    return std::make_shared<HostTensor>(TensorType{dtype, Shape{}}, &bits);
  }
  return dispatch(dtype, [&](auto zero) -> HostTensorPtr {
    return host_scalar(static_cast<decltype(zero)>(value));
  });
}

}  // namespace kn
