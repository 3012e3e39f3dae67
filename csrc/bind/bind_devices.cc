#include <pybind11/stl.h>

#include "bind/bind.h"
#include "cpu/families.h"
#include "exec/device_data.h"
#include "runtime/device.h"
#include "runtime/devices.h"

namespace kn::bind {

namespace py = pybind11;

namespace {

py::dict describe(const KernelSource& kernels) {
  const Device& device = kernels.device();
  const MemoryUse memory = device.memory();
  py::dict info;
  info["name"] = device.name();
  info["description"] = device.description();
  info["memory_total"] = memory.total;
  info["memory_free"] = memory.free;
  info["memory_used"] = memory.used;
  info["memory_peak"] = memory.peak;
  info["memory_limit"] = memory.limit;
  info["tf32"] = device.tf32_allowed();
  return info;
}

std::vector<std::unique_ptr<DeviceScope>>& scopes() {
  thread_local std::vector<std::unique_ptr<DeviceScope>> open;
  return open;
}

}  // namespace

void bind_devices(py::module_& m) {
  plug_in(cpu::kernels());
  m.def("devices", [] {
    std::vector<std::string> names;
    for (const KernelSource* kernels : all_devices()) names.push_back(kernels->device().name());
    return names;
  });
  m.def("device_info", [](const std::string& name) { return describe(find_device(name)); });
  m.def("current_device", [] { return current_device().device().name(); });
  m.def("set_default_device",
        [](const std::string& name) { set_default_device(find_device(name)); });
  m.def("push_device", [](const std::string& name) {
    scopes().push_back(std::make_unique<DeviceScope>(find_device(name)));
  });
  m.def("pop_device", [] { scopes().pop_back(); });
  m.def(
      "set_memory_limit",
      [](const std::string& name, size_t bytes, bool at_once) {
        find_device(name).device().set_memory_limit(bytes, at_once);
      },
      py::arg("device"), py::arg("bytes"), py::arg("at_once") = false);
  m.def("data_share", &data_share);
  m.def("set_data_share", &set_data_share, py::arg("share"));
  m.def("allow_tf32", [](const std::string& name, bool allowed) {
    find_device(name).device().allow_tf32(allowed);
  });
}

}  // namespace kn::bind
