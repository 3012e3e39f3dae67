#include "runtime/variable.h"

#include <atomic>
#include <mutex>

#include "base/error.h"

namespace kn {

namespace {
std::atomic<uint64_t> epoch{0};
std::shared_mutex storage;
constexpr size_t kAlignment = 64;
size_t padded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }
}  // namespace

StorageInUse::StorageInUse() : lock_(storage) {}

uint64_t storage_epoch() { return epoch.load(std::memory_order_acquire); }

Variable::Variable(const TensorType& type, const void* initial, std::string name, Device& device)
    : type_(type), name_(std::move(name)) {
  slab_ = std::make_shared<Buffer>(device, type_.bytes());
  data_ = slab_->data();
  if (initial) device.copy_in(data_, initial, type_.bytes());
}

Variable::Variable(const HostTensor& initial, std::string name, Device& device)
    : Variable(initial.type(), initial.data(), std::move(name), device) {}

HostTensor Variable::read() const {
  HostTensor out(type_);
  read(out.data());
  return out;
}

void Variable::read(void* out) const { slab_->device()->copy_out(out, data_, type_.bytes()); }

void Variable::write(const HostTensor& value) { write(value.type(), value.data()); }

void Variable::write(const TensorType& type, const void* value) {
  if (type != type_)
    fail<ValueError>("expected a value of type ", type_, " for variable '", name_, "'; got ", type);
  slab_->device()->copy_in(data_, value, type_.bytes());
}

void Variable::write_part(Dim first, const TensorType& type, const void* values) {
  const Dim count = type.shape.elements(), all = type_.shape.elements();
  if (type.dtype != type_.dtype || first < 0 || first > all || count > all - first)
    fail<ValueError>("expected values for elements ", first, " and on of variable '", name_,
                     "' of type ", type_, "; got ", type);
  slab_->device()->copy_in(static_cast<char*>(data_) + first * size_of(type.dtype), values,
                           type.bytes());
}

void Variable::move_to(Device& device) {
  if (&device == slab_->device()) return;
  const HostTensor value = read();
  auto slab = std::make_shared<Buffer>(device, type_.bytes());
  device.copy_in(slab->data(), value.data(), value.bytes());
  slab_ = std::move(slab);
  data_ = slab_->data();
  epoch.fetch_add(1, std::memory_order_release);
}

void bring_to(Device& device, const std::vector<std::shared_ptr<Variable>>& variables) {
  const std::unique_lock<std::shared_mutex> nobody_runs(storage);
  for (const auto& v : variables) v->move_to(device);
}

void lay_out_together(const std::vector<std::shared_ptr<Variable>>& variables) {
  if (variables.empty()) return;
  const std::unique_lock<std::shared_mutex> nobody_runs(storage);
  size_t total = 0;
  bool done = true;
  const auto* first = static_cast<const char*>(variables[0]->data_);
  for (const auto& v : variables) {
    done = done && v->slab_ == variables[0]->slab_ && v->data_ == first + total;
    total += padded(v->type_.bytes());
  }
  if (done) return;
  Device& device = *variables[0]->slab_->device();
  auto slab = std::make_shared<Buffer>(device, total);
  auto* at = static_cast<char*>(slab->data());
  for (const auto& v : variables) {
    device.copy_within(at, v->data_, v->type_.bytes());
    v->slab_ = slab;
    v->data_ = at;
    at += padded(v->type_.bytes());
  }
  epoch.fetch_add(1, std::memory_order_release);
}

}  // namespace kn
