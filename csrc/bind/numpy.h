// Between NumPy arrays and the core's tensors.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "base/host_tensor.h"
#include "exec/executable.h"

namespace kn::bind {

namespace py = pybind11;

// Throws TypeError for dtypes the core does not hold (object, complex, …).
DType dtype_of_array(const py::array& a);
TensorType type_of_array(const py::array& a);
// A dense row-major twin of `a` (itself where it is one already).
py::array contiguous(const py::handle& a);
ArrayRef ref(const py::array& contiguous);
HostTensor to_host(const py::array& a);
py::array empty_array(const TensorType& type);
py::array to_array(const HostTensor& t);
py::tuple shape_tuple(const Shape& s);  // None for unknown extents
Shape to_shape(const py::sequence& dims);

}  // namespace kn::bind
