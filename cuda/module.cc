// The extension _cuda: importing it plugs the GPUs of this machine into libkeras_native. It needs
// no driver to be imported; without one there is nothing to plug in.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "device.h"
#include "runtime/device.h"
#include "runtime/devices.h"

PYBIND11_MODULE(_cuda, m) {
  m.doc() = "CUDA devices and kernels of keras_native.";
  std::vector<std::string> names;
  for (const kn::KernelSource* source : kn::cuda::sources()) {
    kn::plug_in(*source);
    names.push_back(source->device().name());
  }
  m.attr("devices") = names;
  // Why there are none, in the driver's words.
  m.attr("absence") = kn::cuda::absence();
}
