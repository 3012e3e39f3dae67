// One function per file of this room.
#pragma once

#include <pybind11/pybind11.h>

namespace kn::bind {

void bind_graph(pybind11::module_& m);       // Value, apply, gradients, …
void bind_executable(pybind11::module_& m);  // Variable, Executable
void bind_runtime(pybind11::module_& m);     // threads, instruction sets
void bind_devices(pybind11::module_& m);     // which there are, which one is used, its memory
void bind_kernels(pybind11::module_& m);     // gemm and others on arrays, without a graph
void bind_conv_kernels(pybind11::module_& m);

}  // namespace kn::bind
