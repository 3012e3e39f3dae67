#include "bind/numpy.h"

#include "base/error.h"

namespace kn::bind {

DType dtype_of_array(const py::array& a) {
  const py::dtype d = a.dtype();
  const auto size = d.itemsize();
  switch (d.kind()) {
    case 'f':
      if (size == 4) return DType::f32;
      if (size == 8) return DType::f64;
      if (size == 2) return DType::f16;
      break;
    case 'i':
      if (size == 4) return DType::i32;
      if (size == 8) return DType::i64;
      break;
    case 'u':
      if (size == 1) return DType::u8;
      if (size == 2) return DType::bf16;  // its bits: NumPy has no type for it
      break;
    case 'b': return DType::b8;
    default: break;
  }
  fail<TypeError>(
      "expected an array of float16, float32, float64, int32, int64, uint8 or bool; got ",
      std::string(py::str(d)));
}

TensorType type_of_array(const py::array& a) {
  TensorType type{dtype_of_array(a), {}};
  for (py::ssize_t i = 0; i < a.ndim(); ++i) type.shape.push_back(a.shape(i));
  return type;
}

py::array contiguous(const py::handle& a) {
  py::array dense = py::array::ensure(a, py::array::c_style);
  if (!dense) {
    PyErr_Clear();
    fail<TypeError>("expected a NumPy array; got ", std::string(py::str(py::type::of(a))));
  }
  return dense;
}

ArrayRef ref(const py::array& a) { return {a.data(), type_of_array(a)}; }

HostTensor to_host(const py::array& a) {
  const py::array dense = contiguous(a);
  return HostTensor(type_of_array(dense), dense.data());
}

namespace {
const char* numpy_name(DType t) { return t == DType::bf16 ? "uint16" : name_of(t).data(); }
}  // namespace

py::array empty_array(const TensorType& type) {
  static const py::dtype* dtypes[kDTypeCount] = {};
  const py::dtype*& dtype = dtypes[static_cast<int>(type.dtype)];
  if (!dtype) dtype = new py::dtype(numpy_name(type.dtype));  // lives as long as the process
  return py::array(*dtype, std::vector<py::ssize_t>(type.shape.begin(), type.shape.end()));
}

py::array to_array(const HostTensor& t) {
  py::array a = empty_array(t.type());
  if (t.bytes()) std::memcpy(a.mutable_data(), t.data(), t.bytes());
  return a;
}

py::tuple shape_tuple(const Shape& s) {
  py::tuple t(s.rank());
  for (int i = 0; i < s.rank(); ++i) {
    if (s[i] == kUnknown) t[i] = py::none();
    else t[i] = py::int_(s[i]);
  }
  return t;
}

// Items are owned while they are read: a sequence may make them when asked for them.
Shape to_shape(const py::sequence& dims) {
  Shape s;
  for (const py::object d : dims) {
    if (d.is_none()) {
      s.push_back(kUnknown);
      continue;
    }
    if (!PyIndex_Check(d.ptr()))
      fail<TypeError>("expected a shape of ints and None; got ", std::string(py::str(dims)));
    const int64_t extent =
        py::cast<int64_t>(py::reinterpret_steal<py::object>(PyNumber_Index(d.ptr())));
    if (extent < 0)
      fail<ValueError>("expected a shape of sizes of 0 or more, or None; got ",
                       std::string(py::str(dims)));
    s.push_back(extent);
  }
  return s;
}

}  // namespace kn::bind
