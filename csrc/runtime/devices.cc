#include "runtime/devices.h"

#include <atomic>
#include <mutex>

#include "base/error.h"
#include "runtime/device.h"

namespace kn {

namespace {

struct Registry {
  std::mutex lock;
  std::vector<const KernelSource*> all;
  std::atomic<const KernelSource*> chosen{nullptr};
};

Registry& registry() {
  static auto* instance = new Registry;
  return *instance;
}

thread_local const KernelSource* scoped = nullptr;

}  // namespace

void plug_in(const KernelSource& kernels) {
  Registry& r = registry();
  std::lock_guard<std::mutex> hold(r.lock);
  for (const KernelSource* known : r.all)
    if (known->device().name() == kernels.device().name()) return;
  r.all.push_back(&kernels);
}

std::vector<const KernelSource*> all_devices() {
  Registry& r = registry();
  std::lock_guard<std::mutex> hold(r.lock);
  return r.all;
}

const KernelSource& find_device(std::string_view name) {
  std::string known;
  for (const KernelSource* kernels : all_devices()) {
    const std::string own = kernels->device().name();
    if (own == name || (own == concat_text(name, ":0"))) return *kernels;
    known += concat_text(known.empty() ? "" : ", ", "'", own, "'");
  }
  fail<ValueError>("expected a device that this machine has, one of ", known, "; got '", name, "'");
}

const KernelSource& current_device() {
  if (scoped) return *scoped;
  if (const KernelSource* chosen = registry().chosen.load()) return *chosen;
  const auto all = all_devices();
  if (all.empty()) fail<RuntimeError>("no device was plugged in");
  return *all[0];
}

void set_default_device(const KernelSource& kernels) { registry().chosen.store(&kernels); }

DeviceScope::DeviceScope(const KernelSource& kernels) : before_(scoped) { scoped = &kernels; }
DeviceScope::~DeviceScope() { scoped = before_; }

}  // namespace kn
