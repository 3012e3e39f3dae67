// The devices of the process: the CPU, and what plugs in besides. A device is known by the source
// of its kernels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/kernel.h"

namespace kn {

// `kernels` must live as long as the process. A device of the same name is plugged in once.
void plug_in(const KernelSource& kernels);

// In the order in which they were plugged in.
std::vector<const KernelSource*> all_devices();

// Throws ValueError naming the devices there are.
const KernelSource& find_device(std::string_view name);

// Where new functions and variables of this thread go: the innermost DeviceScope, else the default
// of the process, else the first device.
const KernelSource& current_device();
void set_default_device(const KernelSource& kernels);

class DeviceScope {
 public:
  explicit DeviceScope(const KernelSource& kernels);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  const KernelSource* before_;
};

}  // namespace kn
