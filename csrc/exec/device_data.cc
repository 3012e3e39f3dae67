#include "exec/device_data.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"

namespace kn {

namespace {

std::atomic<double> share{0.25};

// What may still be taken of a device's memory.
double bytes_left(const Device& device) {
  const MemoryUse use = device.memory();
  const double free = static_cast<double>(use.free);
  if (!use.limit) return free;
  return std::min(free, static_cast<double>(use.limit) - static_cast<double>(use.used));
}

}  // namespace

double data_share() { return share.load(); }
void set_data_share(double wanted) { share.store(wanted); }

std::unique_ptr<DeviceData> DeviceData::make(const Executable& executable,
                                             std::span<const ArrayRef> arrays) {
  Device& device = executable.device();
  if (!device.queued() || arrays.empty()) return nullptr;
  double bytes = 0;
  for (const ArrayRef& a : arrays) {
    if (a.type.shape.empty()) return nullptr;
    bytes += static_cast<double>(a.type.bytes());
  }
  if (bytes == 0 || bytes > data_share() * bytes_left(device)) return nullptr;
  auto data = std::make_unique<DeviceData>();
  data->sources_.assign(arrays.begin(), arrays.end());
  try {
    for (const ArrayRef& a : arrays) {
      data->buffers_.emplace_back(device, a.type.bytes());
      data->arrays_.push_back(data->buffers_.back().data());
    }
    const auto rows = static_cast<size_t>(arrays[0].type.shape[0]);
    data->order_ = Buffer(device, rows * sizeof(int64_t));
  } catch (const RuntimeError&) {
    return nullptr;  // batches will be sent
  }
  for (size_t i = 0; i < arrays.size(); ++i)
    device.copy_in(data->buffers_[i].data(), arrays[i].data, arrays[i].type.bytes());
  return data;
}

bool DeviceData::is_of(std::span<const ArrayRef> arrays) const {
  return std::equal(
      arrays.begin(), arrays.end(), sources_.begin(), sources_.end(),
      [](const ArrayRef& a, const ArrayRef& b) { return a.data == b.data && a.type == b.type; });
}

const int64_t* DeviceData::place_order(const int64_t* order, int64_t from, int64_t until) {
  auto* place = static_cast<int64_t*>(order_.data());
  if (from < until)
    device().copy_in(place + from, order + from,
                     static_cast<size_t>(until - from) * sizeof(int64_t));
  return place;
}

}  // namespace kn
